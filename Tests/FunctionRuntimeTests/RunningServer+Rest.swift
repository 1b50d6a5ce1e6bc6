// SPDX-License-Identifier: MIT
import ServerSupport

@testable import HTTPServer

extension RunningServer {
  /// Whether every connection is closed and everything that was counted for calls has been given back.
  func isAtRest() -> Bool {
    eventually {
      load.callsInFlight == 0 && load.bufferedBytes.load(ordering: .relaxed) == 0
        && onLoop { $0.connections.allSatisfy { $0 == nil } && $0.scratchOwner == nil }
    }
  }
}
