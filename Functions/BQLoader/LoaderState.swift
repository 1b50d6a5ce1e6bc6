// SPDX-License-Identifier: MIT
import EventLoop
import GoogleCloud
import Synchronization

/// State that all loops of the process share.
final class LoaderState: Sendable {
  let breaker = Mutex(Breaker())
  /// Nil if the pattern makes a known number of tables.
  let gate: TableGate?
  private let nextComplaint = Mutex(Instant(nanoseconds: .min))

  init(gate: TableGate?) { self.gate = gate }

  /// True at most once a minute; limits warnings that every row would repeat.
  func mayComplain(_ now: Instant) -> Bool {
    nextComplaint.withLock { next in
      guard now >= next else { return false }
      next = now + .seconds(60)
      return true
    }
  }
}
