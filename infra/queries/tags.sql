-- How often was each label of the repeated column tags sent, and by how many visitors?
SELECT
  tag,
  COUNT(*) AS events,
  COUNT(DISTINCT user_id) AS visitors
FROM pixel.events_between(@first_day, @last_day)
CROSS JOIN UNNEST(tags) AS tag
GROUP BY tag
ORDER BY events DESC, tag
LIMIT 100;
