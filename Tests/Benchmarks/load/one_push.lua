-- SPDX-License-Identifier: MIT
-- Sends one push again and again; says how many were answered 2xx, and how fast.
local file = assert(io.open(os.getenv("REQUEST_FILE"), "rb"))
wrk.body = file:read("*a")
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
file:close()

function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.timeout
  print(string.format('{"requests":%d,"failed":%d,"microseconds":%d,"p50":%d,"p99":%d}',
    summary.requests, failed, summary.duration, latency:percentile(50), latency:percentile(99)))
end
