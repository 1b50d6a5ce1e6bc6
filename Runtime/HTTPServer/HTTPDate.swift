// SPDX-License-Identifier: MIT
import Bytes
import EventLoop

/// The `Date` line, made anew at most once a second (RFC 9110 §5.6.7).
final class HTTPDate {
  private(set) var line: [UInt8] = []
  private var second = Int64.min
  private var nextLook = Instant(nanoseconds: .min)

  /// Brings the line up to date.
  func refresh(now: Instant) {
    guard now >= nextLook else { return }
    nextLook = now + .milliseconds(250)
    let current = wallClockNanoseconds() / 1_000_000_000
    guard current != second else { return }
    second = current
    line = Array("Date: \(Self.text(secondsSince1970: current))\r\n".utf8)
  }

  static func text(secondsSince1970 seconds: Int64) -> String {
    let days = seconds / 86400
    let rest = Int(seconds % 86400)
    let date = CalendarDate(daysSince1970: Int(days))
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(weekdays[Int(days % 7)]), \(two(date.day)) \(months[date.month - 1]) \(date.year) "
      + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
  }
}
