// SPDX-License-Identifier: MIT

/// Truncated exponential backoff with full jitter: attempt 1 waits up to `base`, then up to twice as
/// long each time, never more than `cap`.
public struct Backoff: Sendable {
  public var base: Duration
  public var cap: Duration

  public init(base: Duration = .milliseconds(100), cap: Duration = .seconds(10)) {
    self.base = base
    self.cap = cap
  }

  /// - Parameters:
  ///   - attempt: How many attempts have failed, from 1.
  ///   - retryAfter: The wait that the service asked for, in seconds; the result is no shorter.
  ///   - random: Gives a number of the range, the wait in nanoseconds.
  public func wait(
    after attempt: Int, retryAfter: Int? = nil, using random: (ClosedRange<Int64>) -> Int64
  ) -> Duration {
    let ceiling = min(cap, base * (1 << min(max(attempt - 1, 0), 16)))
    let jittered = Duration.nanoseconds(random(0...max(ceiling.nanoseconds, 1)))
    guard let retryAfter, retryAfter > 0 else { return jittered }
    return max(jittered, .seconds(min(retryAfter, 60)))
  }

  public func wait(after attempt: Int, retryAfter: Int? = nil) -> Duration {
    wait(after: attempt, retryAfter: retryAfter) { Int64.random(in: $0) }
  }
}
