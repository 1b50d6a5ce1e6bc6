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

  /// The first moment from `now` on at which there is room for one more; nil if there never is.
  func nextRoom(_ now: Instant) -> Instant? {
    guard limit > 0 else { return nil }
    guard moments.count >= limit else { return max(now, moments.last ?? now) }
    return max(now, moments[oldest] + span)
  }

  /// Counts one at a moment when there is room, and not before those counted already.
  mutating func take(_ moment: Instant) {
    guard moments.count >= limit else { return moments.append(moment) }
    guard limit > 0 else { return }
    moments[oldest] = moment
    oldest = oldest + 1 == limit ? 0 : oldest + 1
  }
}
