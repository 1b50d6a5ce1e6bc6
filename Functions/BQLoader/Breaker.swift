// SPDX-License-Identifier: MIT
import EventLoop

/// Knows when BigQuery is down, so that pushes are sent back at once instead of waiting in vain; without I/O
/// or a clock.
///
/// It opens when nothing but failures came for a while. Then one insert at a time is let through as a
/// probe, after pauses that grow up to `maxPause`; the first answer closes it.
struct Breaker {
  enum Permission: Equatable { case yes, no }

  /// This number of failures in a row, spread over at least this time, means "down".
  static let failuresToOpen = 5
  static let timeToOpen = Duration.seconds(2)
  static let firstPause = Duration.milliseconds(500)
  static let maxPause = Duration.seconds(2)

  private enum State {
    case closed
    /// No insert before `until`.
    case open(until: Instant, probes: Int)
    /// A probe is on its way.
    case probing(probes: Int)
  }

  private var state = State.closed
  private var failures = 0
  private var firstFailure = Instant(nanoseconds: .min)

  var isOpen: Bool {
    if case .closed = state { return false }
    return true
  }

  /// Whether a row that comes now should be sent back at once.
  func refuses(_ now: Instant) -> Bool {
    switch state {
    case .closed: false
    case .open(let until, _): now < until
    case .probing: true
    }
  }

  /// Asked right before an insert leaves; each `yes` has to be followed by `answered`, `failed` or
  /// `unsent`.
  mutating func permit(_ now: Instant) -> Permission {
    guard !refuses(now) else { return .no }
    if case .open(_, let probes) = state { state = .probing(probes: probes) }
    return .yes
  }

  /// BigQuery has answered, with success or an error. True if that has closed the breaker.
  mutating func answered() -> Bool {
    let wasOpen = isOpen
    state = .closed
    failures = 0
    return wasOpen
  }

  /// No usable answer came. True if that has opened the breaker.
  ///
  /// - Parameter random: From 0 to 1; full jitter, so that instances do not probe together.
  mutating func failed(_ now: Instant, random: Double) -> Bool {
    switch state {
    case .closed:
      if failures == 0 { firstFailure = now }
      failures += 1
      guard failures >= Self.failuresToOpen, firstFailure + Self.timeToOpen <= now else {
        return false
      }
      open(now, probes: 0, random)
      return true
    case .probing(let probes):
      open(now, probes: probes + 1, random)
    case .open: break  // an insert from before
    }
    return false
  }

  /// The insert did not even leave, which says nothing about BigQuery.
  mutating func unsent(_ now: Instant) {
    if case .probing(let probes) = state {
      state = .open(until: now + Self.firstPause, probes: probes)
    }
  }

  private mutating func open(_ now: Instant, probes: Int, _ random: Double) {
    let ceiling = min(Self.maxPause, Self.firstPause * (1 << min(probes, 8)))
    // At least a tenth: a pause of nothing would be no pause.
    state = .open(until: now + ceiling * (0.1 + 0.9 * random), probes: probes)
  }
}
