// SPDX-License-Identifier: MIT
import BQLoader
import FunctionRuntime
import PixelModel

FunctionService(
  name: "bq-loader", version: pixelPipelineVersion,
  about: "gathers pushed rows and streams them into BigQuery's suffix tables.",
  readSettings: { BQLoaderSettings(&$0) },
  start: { settings, worker in .messages(BQLoaderFunction.function(settings, worker)) }
).runForever()
