// SPDX-License-Identifier: MIT
import Foundation

/// Both clocks at one moment: intervals are measured by `uptime`, dates are shown from `unix`.
///
/// Every state machine here takes the moment as a parameter, so that tests need not wait.
public struct Moment: Sendable {
  /// Since an arbitrary start; never goes back.
  public var uptime: Duration
  /// Microseconds since 1970 in UTC.
  public var unix: Int64

  public init(uptime: Duration, unix: Int64) {
    self.uptime = uptime
    self.unix = unix
  }

  /// The machine's clocks now.
  public static func now() -> Moment {
    var uptime = timespec()
    var wall = timespec()
    clock_gettime(CLOCK_MONOTONIC, &uptime)
    clock_gettime(CLOCK_REALTIME, &wall)
    return Moment(
      uptime: .seconds(uptime.tv_sec) + .nanoseconds(uptime.tv_nsec),
      unix: Int64(wall.tv_sec) * 1_000_000 + Int64(wall.tv_nsec) / 1_000)
  }

  /// The wall clock as RFC 3339 in UTC with six digits of a second.
  public var timestamp: String { CivilTime(unixMicroseconds: unix).timestamp }

  public func after(_ interval: Duration) -> Moment {
    let (seconds, attoseconds) = interval.components
    return Moment(
      uptime: uptime + interval,
      unix: unix + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
  }
}
