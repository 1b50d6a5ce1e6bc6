// SPDX-License-Identifier: MIT
import EventLoop
import GoogleCloud
import Synchronization

/// State that all loops of the process share.
final class LoaderState: Sendable {
  let breaker = Mutex(Breaker())
  /// Nil if the pattern makes a known number of tables.
  let gate: TableGate?
  private let nextComplaints = Mutex<[String: Instant]>([:])
  /// More subjects than this there are only if something has gone very wrong.
  private static let maxSubjects = 256

  init(gate: TableGate?) { self.gate = gate }

  /// True at most once a minute for each subject; limits warnings that every row would repeat.
  func mayComplain(of subject: String, _ now: Instant) -> Bool {
    nextComplaints.withLock { next in
      if let time = next[subject], now < time { return false }
      if next.count >= Self.maxSubjects { next.removeAll() }
      next[subject] = now + .seconds(60)
      return true
    }
  }
}
