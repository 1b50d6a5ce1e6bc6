-- SPDX-License-Identifier: MIT
-- wrk sends the requests in REQUEST_FILE one after the other, and reports as one JSON line. Before each
-- stands its length on a line of its own.

local requests, at = {}, 0

function init()
  local file = assert(io.open(os.getenv("REQUEST_FILE"), "rb"))
  for line in file:lines() do
    requests[#requests + 1] = file:read(tonumber(line))
  end
  file:close()
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
