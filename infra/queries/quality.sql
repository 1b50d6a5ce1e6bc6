-- Is the tracking sound? Per type: events without a visitor, with a value that did not fit its column,
-- with a clock more than a day off, answered from a cache, and the slowest road into the log.
SELECT
  type,
  COUNT(*) AS events,
  COUNTIF(user_id IS NULL) AS without_visitor,
  COUNTIF(_unparsed IS NOT NULL) AS with_misfits,
  COUNTIF(ABS(TIMESTAMP_DIFF(client_time, event_time, HOUR)) > 24) AS wrong_clock,
  COUNTIF(cache_hit) AS from_cache,
  MAX(TIMESTAMP_DIFF(received_time, event_time, SECOND)) AS most_seconds_to_log
FROM pixel.events_between(@first_day, @last_day)
GROUP BY type
ORDER BY events DESC, type;
