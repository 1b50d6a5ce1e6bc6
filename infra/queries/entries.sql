-- On which pages do visits begin, and how many end right there?
-- A visit is a session_id; trackers that send none are not in it.
WITH visits AS (
  SELECT
    session_id,
    ARRAY_AGG(REGEXP_REPLACE(page_url, r'[?#].*$', '') ORDER BY event_time LIMIT 1)[OFFSET(0)] AS page,
    COUNT(*) AS views
  FROM pixel.events_between(@first_day, @last_day)
  WHERE type = 'page_view' AND page_url IS NOT NULL AND session_id IS NOT NULL
  GROUP BY session_id
)
SELECT
  page,
  COUNT(*) AS visits,
  COUNTIF(views = 1) AS ended_there,
  ROUND(SAFE_DIVIDE(COUNTIF(views = 1), COUNT(*)), 3) AS bounce_rate
FROM visits
GROUP BY page
ORDER BY visits DESC, page
LIMIT 100;
