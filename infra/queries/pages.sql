-- Which pages were seen most, and by how many?
SELECT
  REGEXP_REPLACE(page_url, r'[?#].*$', '') AS page,
  COUNT(*) AS views,
  COUNT(DISTINCT user_id) AS visitors
FROM pixel.events_between(@first_day, @last_day)
WHERE type = 'page_view' AND page_url IS NOT NULL
GROUP BY page
ORDER BY views DESC, page
LIMIT 100;
