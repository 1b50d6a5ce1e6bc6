// SPDX-License-Identifier: MIT

/// How many pushes may be open at once: Pub/Sub's slow start.
///
/// One more per success, which doubles the window with each round of answers; half after a
/// failure. While failures follow each other without a success between, pushing pauses as well,
/// or a subscriber that is down would be asked as fast as it can refuse.
struct PushWindow {
  let limit: Int
  private(set) var size = 1
  private(set) var pausedUntil = Duration.zero
  private var failuresInARow = 0

  private static let pause = RetryPolicy(minimum: .milliseconds(100), maximum: .seconds(1))

  init(limit: Int) { self.limit = limit }

  mutating func succeeded() {
    size = min(limit, size + 1)
    failuresInARow = 0
    pausedUntil = .zero
  }

  mutating func failed(at now: Duration) {
    size = max(1, size / 2)
    // Pushes that were open when the pause began say nothing new.
    if now < pausedUntil { return }
    failuresInARow += 1
    if failuresInARow > 1 {
      pausedUntil = now + Self.pause.delay(afterFailures: failuresInARow - 1)
    }
  }
}
