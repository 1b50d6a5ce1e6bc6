// SPDX-License-Identifier: MIT
import FunctionRuntime
import PixelIngest
import PixelModel

FunctionService(
  name: "pixel-ingest", version: pixelPipelineVersion,
  about: "serves the tracking pixel and publishes each hit as a LogEntry.",
  readSettings: { PixelIngestSettings(&$0) },
  start: { settings, worker in
    .http(PixelIngestFunction(settings: settings, worker: worker).handle)
  }
).runForever()
