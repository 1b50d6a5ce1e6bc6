// SPDX-License-Identifier: MIT
import EventLoop

/// Outcomes since the last report, per worker. A report is a few log lines that a log-based metric can
/// read (`count` by `outcome` and `reason`); it leaves when a call ends and a minute has passed, and at
/// the end, since Cloud Run gives no CPU between calls.
final class CallCounters {
  struct Key: Hashable, Comparable {
    let outcome: String
    let reason: String

    static func < (a: Key, b: Key) -> Bool { (a.outcome, a.reason) < (b.outcome, b.reason) }
  }

  private(set) var done = 0
  private(set) var others: [Key: Int] = [:]
  private var nextReport = Instant(nanoseconds: .min)
  /// What a function adds to the report.
  var more: [(Log) -> Void] = []

  func countDone() { done += 1 }

  /// - Parameter outcome: `retry`, `rejected` and so on; `noted` for a note about a call that was done.
  func count(_ outcome: String, _ reason: String, by count: Int = 1) {
    others[Key(outcome: outcome, reason: reason), default: 0] += count
  }

  func reportIfDue(_ log: Log, now: Instant) {
    guard now >= nextReport else { return }
    let isFirst = nextReport.nanoseconds == .min
    nextReport = now + .seconds(60)
    if !isFirst { report(log) }
  }

  func report(_ log: Log) {
    if done > 0 {
      log.info("Calls since the last report.", ["outcome": "done", "count": .number(done)])
    }
    for (key, count) in others.sorted(by: { $0.key < $1.key }) {
      log.info(
        "Calls since the last report.",
        [
          "outcome": .text(key.outcome), "reason": .text(key.reason), "count": .number(count),
        ])
    }
    for write in more { write(log) }
    done = 0
    others = [:]
  }
}
