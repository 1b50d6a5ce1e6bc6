// SPDX-License-Identifier: MIT
import EventLoop

/// The inserts that wait for their answers, and the best moment for the next one, judged by those answers;
/// without I/O or a clock.
///
/// An insert costs as much as dozens of rows. Rows sent in separate inserts are answered separately, so their
/// senders' next rows arrive separately too. Waiting briefly keeps them together.
struct InFlightInserts {
  /// When each was sent, the first one first.
  private var sent: [Instant] = []
  /// How long the last answer took.
  private var lastTook = Duration.zero
  private var gathersUntil = Instant(nanoseconds: .min)

  /// After an insert of this many rows is answered, about as many new rows arrive.
  private static let many = 8

  var count: Int { sent.count }
  var isEmpty: Bool { sent.isEmpty }

  mutating func begin(_ now: Instant) { sent.append(now) }

  mutating func end(begun: Instant, rows: Int, now: Instant) {
    if let index = sent.firstIndex(of: begun) { sent.remove(at: index) }
    lastTook = now - begun
    // Small beside what an insert takes. Less than a millisecond is no time for a timer.
    let share = min(lastTook / 12, .milliseconds(2))
    if rows >= Self.many, share >= .milliseconds(1) { gathersUntil = now + share }
  }

  /// Until when rows are awaited that the last answer has made others send; nil if they are not.
  func gatheringEnd(_ now: Instant) -> Instant? { now < gathersUntil ? gathersUntil : nil }

  /// Whether the first one has been on its way almost as long as the last answer took, to within `range`.
  func answerIsDue(_ now: Instant, within range: Duration) -> Bool {
    guard let first = sent.first, lastTook > range else { return false }
    let left = first + lastTook - now
    return left > .zero - range && left < range
  }
}
