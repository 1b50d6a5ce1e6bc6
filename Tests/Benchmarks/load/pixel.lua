-- SPDX-License-Identifier: MIT
-- wrk sends the request in REQUEST_FILE byte for byte, and reports as one JSON line.

function init()
  local file = assert(io.open(os.getenv("REQUEST_FILE"), "rb"))
  local request = file:read("*a")
  file:close()
  -- Called once, after this: the same bytes are then sent each time without running Lua.
  wrk.format = function() return request end
end

-- With PAUSE each connection waits so many milliseconds before the next request: load that is no flood.
if os.getenv("PAUSE") then
  local pause = tonumber(os.getenv("PAUSE"))
  function delay() return pause end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
