// SPDX-License-Identifier: MIT
import AsyncFunctions
import Foundation
import Greeting

try await FunctionService("greeter", version: "1.0.0") { (message: PubSubMessage) in
  print(greeting(for: message.text))
  fflush(nil)  // into a pipe `print` would wait until 4 KiB have come together
}.run()
