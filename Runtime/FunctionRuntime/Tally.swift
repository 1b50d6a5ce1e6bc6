// SPDX-License-Identifier: MIT
import EventLoop
import Events

/// Outcomes since the last report, per worker. A report is a log line that a log-based metric can read;
/// it leaves when a call ends and a minute has passed, and at the end, since Cloud Run gives no CPU
/// between calls.
struct Tally {
  private(set) var done = 0
  private(set) var byReason: [Reason: Int] = [:]
  /// What a function counts besides, all of it done.
  private var byNote: [String: Int] = [:]
  private var nextReport = Instant(nanoseconds: .min)

  mutating func countDone(_ amount: Int = 1) { done += amount }
  mutating func count(_ reason: Reason) { byReason[reason, default: 0] += 1 }

  mutating func count(note: String) { byNote[note, default: 0] += 1 }

  mutating func reportIfDue(_ log: Log, now: Instant) {
    guard now >= nextReport else { return }
    let isFirst = nextReport.nanoseconds == .min
    nextReport = now + .seconds(60)
    if !isFirst { report(log) }
  }

  mutating func report(_ log: Log) {
    guard done > 0 || !byReason.isEmpty else { return }
    log.info("Calls since the last report.", ["outcome": "done", "count": .number(done)])
    for (reason, count) in byReason.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      log.info(
        "Calls since the last report.",
        ["outcome": "problem", "reason": .text(reason.rawValue), "count": .number(count)])
    }
    for (note, count) in byNote.sorted(by: { $0.key < $1.key }) {
      log.info(
        "Calls since the last report.",
        ["outcome": "done", "note": .text(note), "count": .number(count)])
    }
    done = 0
    byReason = [:]
    byNote = [:]
  }
}
