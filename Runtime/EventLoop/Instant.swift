// SPDX-License-Identifier: MIT
import CSystem

/// A moment of the monotonic clock.
public struct Instant: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The clock itself; on a loop, `EventLoop.now` is the same without a system call.
  public static func read() -> Instant { Instant(nanoseconds: pixel_monotonic_ns()) }

  public static let distantFuture = Instant(nanoseconds: .max)

  public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

  public static func + (start: Instant, wait: Duration) -> Instant {
    start.after(nanoseconds: wait.nanoseconds)
  }

  /// The same for a wait in nanoseconds that is known beforehand: taking a `Duration` apart costs some
  /// hundred instructions.
  public func after(nanoseconds wait: Int64) -> Instant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(wait)
    return overflow ? .distantFuture : Instant(nanoseconds: sum)
  }

  public static func - (end: Instant, start: Instant) -> Duration {
    .nanoseconds(end.nanoseconds &- start.nanoseconds)
  }
}

extension Duration {
  /// Whole nanoseconds; more than 292 years becomes the largest number.
  public var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : whole &+ attoseconds / 1_000_000_000
  }

  public var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

/// Nanoseconds since 1970 by the wall clock.
public func wallClockNanoseconds() -> Int64 { pixel_wall_ns() }
