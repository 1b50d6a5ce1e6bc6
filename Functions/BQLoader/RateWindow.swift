// SPDX-License-Identifier: MIT
import EventLoop

/// At most `limit` in any span of time of length `span`, exactly: it remembers when the last ones were.
struct RateWindow {
  let limit: Int
  let span: Duration
  /// A ring of the last `limit` moments, grown as they come.
  private var moments: [Instant] = []
  private var oldest = 0

  init(limit: Int, per span: Duration) {
    self.limit = limit
    self.span = span
  }

  func hasRoom(_ now: Instant) -> Bool {
    moments.count < limit || (limit > 0 && moments[oldest] + span <= now)
  }

  /// Counts one; call it only if there is room.
  mutating func take(_ now: Instant) {
    guard moments.count >= limit else { return moments.append(now) }
    guard limit > 0 else { return }
    moments[oldest] = now
    oldest = oldest + 1 == limit ? 0 : oldest + 1
  }
}
