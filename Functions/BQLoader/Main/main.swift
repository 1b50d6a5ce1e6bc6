// SPDX-License-Identifier: MIT
import BQLoader
import FunctionRuntime

FunctionService(
  name: "bq-loader",
  about: "gathers pushed rows and streams them into BigQuery's suffix tables.",
  readSettings: { BQLoaderSettings(&$0) },
  start: { settings, worker in .messages(BQLoaderFunction.function(settings, worker)) }
).run()
