-- What did each campaign bring: visitors, buyers, and orders and revenue, a row for each currency?
-- A purchase belongs to the last campaign that its visitor came by before it; an order counts once.
WITH touched AS (
  SELECT
    user_id, type, event_time, IFNULL(order_id, event_id) AS order_key, value, currency,
    LAST_VALUE(utm_campaign IGNORE NULLS) OVER so_far AS campaign,
    LAST_VALUE(utm_source IGNORE NULLS) OVER so_far AS source
  FROM pixel.events_between(@first_day, @last_day)
  WHERE user_id IS NOT NULL
  WINDOW so_far AS (
    PARTITION BY user_id ORDER BY event_time ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
people AS (
  SELECT
    campaign, source,
    COUNT(DISTINCT user_id) AS visitors,
    COUNT(DISTINCT IF(type = 'purchase', user_id, NULL)) AS buyers
  FROM touched
  WHERE campaign IS NOT NULL AND source IS NOT NULL
  GROUP BY campaign, source
),
money AS (
  SELECT campaign, source, currency, COUNT(*) AS orders, SUM(value) AS revenue
  FROM (
    SELECT * FROM touched
    WHERE type = 'purchase'
    QUALIFY ROW_NUMBER() OVER (PARTITION BY order_key ORDER BY event_time) = 1
  )
  GROUP BY campaign, source, currency
)
SELECT
  people.campaign, people.source, visitors, buyers, currency, IFNULL(orders, 0) AS orders, revenue
FROM people
LEFT JOIN money ON money.campaign = people.campaign AND money.source = people.source
ORDER BY visitors DESC, campaign, source, currency;
