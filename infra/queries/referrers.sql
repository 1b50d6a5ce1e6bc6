-- Which other sites do visitors come from?
SELECT
  REGEXP_EXTRACT(page_referrer, r'^https?://([^/:?#]+)') AS site,
  COUNT(DISTINCT user_id) AS visitors,
  COUNT(*) AS page_views
FROM pixel.events_between(@first_day, @last_day)
WHERE type = 'page_view'
  AND REGEXP_EXTRACT(page_referrer, r'^https?://([^/:?#]+)') IS NOT NULL
  AND IFNULL(REGEXP_EXTRACT(page_referrer, r'^https?://([^/:?#]+)')
    != REGEXP_EXTRACT(page_url, r'^https?://([^/:?#]+)'), TRUE)
GROUP BY site
ORDER BY visitors DESC, site
LIMIT 100;
