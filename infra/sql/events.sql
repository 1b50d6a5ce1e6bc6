-- All events, each once a table, with the table's suffix and its date: a WHERE on table_suffix or table_date
-- leaves other tables out. Made by scripts/tables.sh view for the shipped contract and the default suffix;
-- that command writes it for yours.
CREATE OR REPLACE VIEW `PROJECT.pixel.events` AS
SELECT *
FROM (
  SELECT
    `event_id`, `event_time`, `type`, `user_id`, `session_id`, `visitor_id`, `order_id`, `page_url`, `page_title`, `page_referrer`, `utm_source`, `utm_medium`, `utm_campaign`, `value`, `currency`, `quantity`, `client_time`, `client_event_id`, `tracker_dropped`, `tags`, `properties`, `language`, `screen`, `referer`, `user_agent`, `remote_ip`, `host`, `request_path`, `method`, `status`, `cache_hit`, `received_time`, `privacy`, `contract_version`, `_unparsed`,
    _TABLE_SUFFIX AS table_suffix,
    SAFE.PARSE_DATE('%Y%m%d', RIGHT(_TABLE_SUFFIX, 8)) AS table_date
  FROM `PROJECT.pixel.pixel_*`
)
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (
  PARTITION BY table_suffix, table_date,
    NULLIF(`client_event_id`, ''),
    IF(NULLIF(`client_event_id`, '') IS NULL, NULL, `type`),
    IF(NULLIF(`client_event_id`, '') IS NULL, NULL, `client_time`),
    IF(NULLIF(`client_event_id`, '') IS NULL, NULL, `user_id`),
    IF(NULLIF(`client_event_id`, '') IS NULL, `event_id`, NULL)
  ORDER BY `event_time`, `event_id`
) = 1;
