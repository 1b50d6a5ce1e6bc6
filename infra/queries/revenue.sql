-- What was sold each day, in each currency? An order that was sent twice counts once.
WITH orders AS (
  SELECT DATE(event_time) AS day, currency, value, quantity
  FROM pixel.events_between(@first_day, @last_day)
  WHERE type = 'purchase' AND value IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY IFNULL(order_id, event_id) ORDER BY event_time) = 1
)
SELECT
  day, currency,
  COUNT(*) AS orders,
  SUM(quantity) AS pieces,
  SUM(value) AS revenue,
  ROUND(AVG(value), 2) AS per_order
FROM orders
GROUP BY day, currency
ORDER BY day, currency;
