-- Of the visitors who came first on a day, how many are back 1, 2, … days later?
-- Visitors who were here before the first day count as new on their first day in the range.
WITH days AS (
  SELECT DISTINCT user_id, DATE(event_time) AS day
  FROM pixel.events_between(@first_day, @last_day)
  WHERE user_id IS NOT NULL
),
firsts AS (
  SELECT user_id, MIN(day) AS first_visit FROM days GROUP BY user_id
),
cohorts AS (
  SELECT first_visit, COUNT(*) AS newcomers FROM firsts GROUP BY first_visit
)
SELECT
  first_visit,
  DATE_DIFF(day, first_visit, DAY) AS days_later,
  COUNT(*) AS visitors,
  ROUND(COUNT(*) / MAX(newcomers), 3) AS share
FROM days
JOIN firsts USING (user_id)
JOIN cohorts USING (first_visit)
GROUP BY first_visit, days_later
ORDER BY first_visit, days_later;
