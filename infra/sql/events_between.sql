-- The events of some days, each once: SELECT * FROM pixel.events_between('2026-01-01', '2026-01-31').
-- Reads the suffix tables of these days only. Made by scripts/tables.sh view for the shipped contract and
-- the default suffix; that command writes it for yours.
CREATE OR REPLACE TABLE FUNCTION `PROJECT.pixel.events_between`(first_day DATE, last_day DATE) AS (
SELECT *
FROM (
  SELECT
    `event_id`, `event_time`, `type`, `user_id`, `session_id`, `visitor_id`, `order_id`, `page_url`, `page_title`, `page_referrer`, `utm_source`, `utm_medium`, `utm_campaign`, `value`, `currency`, `quantity`, `client_time`, `client_event_id`, `tracker_dropped`, `tags`, `properties`, `language`, `screen`, `referer`, `user_agent`, `remote_ip`, `host`, `request_path`, `method`, `status`, `cache_hit`, `received_time`, `privacy`, `contract_version`, `_unparsed`,
    _TABLE_SUFFIX AS table_suffix,
    SAFE.PARSE_DATE('%Y%m%d', RIGHT(_TABLE_SUFFIX, 8)) AS table_date
  FROM `PROJECT.pixel.pixel_*`
  WHERE RIGHT(_TABLE_SUFFIX, 8) BETWEEN FORMAT_DATE('%Y%m%d', first_day) AND FORMAT_DATE('%Y%m%d', last_day)
)
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY
    NULLIF(`client_event_id`, ''),
    IF(NULLIF(`client_event_id`, '') IS NULL, NULL, `type`),
    IF(NULLIF(`client_event_id`, '') IS NULL, NULL, `client_time`),
    IF(NULLIF(`client_event_id`, '') IS NULL, NULL, `user_id`),
    IF(NULLIF(`client_event_id`, '') IS NULL, `event_id`, NULL)
  ORDER BY `event_time`, `event_id`
) = 1
);
