// SPDX-License-Identifier: MIT
import FunctionRuntime

extension FunctionService {
  /// Runs until SIGTERM or SIGINT, beside the main actor: the loops have threads of their own, so that handlers may
  /// use `@MainActor`. The process ends as with the `runForever`, so that this does not return.
  public func run() async throws {
    runAside()
    while true { try await Task.sleep(for: .seconds(86_400)) }
  }
}
