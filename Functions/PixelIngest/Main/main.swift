// SPDX-License-Identifier: MIT
import FunctionRuntime
import PixelIngest

FunctionService(
  name: "pixel-ingest",
  about: "serves the tracking pixel and publishes each hit as a LogEntry.",
  readSettings: { PixelIngestSettings(&$0) },
  start: { settings, worker in
    .http(PixelIngestFunction(settings: settings, worker: worker).handle)
  }
).run()
