-- How many visitors get from a page view over a search to a purchase, in this order?
-- Change the three types to the steps of your site.
WITH firsts AS (
  SELECT user_id, MIN(event_time) AS viewed
  FROM pixel.events_between(@first_day, @last_day)
  WHERE type = 'page_view' AND user_id IS NOT NULL
  GROUP BY user_id
),
searched AS (
  SELECT firsts.user_id, MIN(event_time) AS searched
  FROM firsts
  JOIN pixel.events_between(@first_day, @last_day) AS event ON event.user_id = firsts.user_id
  WHERE type = 'search' AND event_time >= viewed
  GROUP BY firsts.user_id
),
bought AS (
  SELECT searched.user_id
  FROM searched
  JOIN pixel.events_between(@first_day, @last_day) AS event ON event.user_id = searched.user_id
  WHERE type = 'purchase' AND event_time >= searched
  GROUP BY searched.user_id
)
SELECT 1 AS step, 'page_view' AS type, COUNT(*) AS visitors FROM firsts
UNION ALL SELECT 2, 'search', COUNT(*) FROM searched
UNION ALL SELECT 3, 'purchase', COUNT(*) FROM bought
ORDER BY step;
