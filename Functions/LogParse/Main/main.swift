// SPDX-License-Identifier: MIT
import FunctionRuntime
import LogParse
import PixelModel
import Settings

FunctionService(
  name: "log-parse", version: pixelPipelineVersion,
  about: "turns log entries into events by contract and publishes them.",
  readSettings: { LogParseSettings(&$0) },
  start: { settings, worker throws(SettingsError) in
    .messages(try LogParseFunction.function(settings, worker))
  }
).runForever()
