-- How many visits, visitors and page views were there each day?
-- A visit ends after 30 minutes without an event of the visitor.
WITH steps AS (
  SELECT
    user_id, type, event_time,
    LAG(event_time) OVER (PARTITION BY user_id ORDER BY event_time) AS previous_time
  FROM pixel.events_between(@first_day, @last_day)
  WHERE user_id IS NOT NULL
)
SELECT
  DATE(event_time) AS day,
  COUNTIF(previous_time IS NULL
    OR TIMESTAMP_DIFF(event_time, previous_time, SECOND) > 1800) AS visits,
  COUNT(DISTINCT user_id) AS visitors,
  COUNTIF(type = 'page_view') AS page_views
FROM steps
GROUP BY day
ORDER BY day;
