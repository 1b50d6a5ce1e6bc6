// SPDX-License-Identifier: MIT
import EventLoop

/// When keys are fetched and which are used; without I/O or a clock.
///
/// One request at a time. Keys are renewed when their `Cache-Control` says so and stay in use while that
/// fails. An unknown `kid` may ask for new keys once a minute, so that forged ones cause no flood.
struct KeyCacheState<Waiter> {
  private(set) var keys: KeySet?
  private var renewAt = Instant(nanoseconds: .min)
  private var nextFetch = Instant(nanoseconds: .min)
  private var nextForUnknown = Instant(nanoseconds: .min)
  private var isFetching = false
  private var waiters: [Waiter] = []

  static var pauseAfterFailure: Duration { .seconds(1) }
  static var pauseForUnknown: Duration { .seconds(60) }

  enum Answer {
    /// Decide with the keys at hand.
    case now
    /// The waiter is called when a request that is on its way has ended.
    case wait
  }

  /// Whether to fetch in the background because the keys are due.
  mutating func mustRenew(now: Instant) -> Bool {
    guard now >= renewAt, !isFetching, now >= nextFetch else { return false }
    isFetching = true
    return true
  }

  /// A push has a token whose key is not in the cache.
  mutating func missing(now: Instant, _ waiter: Waiter) -> (answer: Answer, mustFetch: Bool) {
    if isFetching {
      waiters.append(waiter)
      return (.wait, false)
    }
    let mayFetch = keys == nil ? now >= nextFetch : now >= max(nextForUnknown, nextFetch)
    guard mayFetch else { return (.now, false) }
    isFetching = true
    nextForUnknown = now + Self.pauseForUnknown
    waiters.append(waiter)
    return (.wait, true)
  }

  /// A request has ended. Returns the waiters.
  mutating func fetched(_ fresh: KeySet?, maxAge: Duration, now: Instant) -> [Waiter] {
    isFetching = false
    if let fresh {
      keys = fresh
      renewAt = now + maxAge
    } else {
      nextFetch = now + Self.pauseAfterFailure
    }
    defer { waiters = [] }
    return waiters
  }
}
