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
    // Gregorian calendar from days, counting from 1 March of the year 0 in 400-year cycles.
    let shifted = days + 719_468
    let cycle = shifted / 146_097
    let dayOfCycle = shifted - cycle * 146_097
    let yearOfCycle =
      (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36524 - dayOfCycle / 146_096) / 365
    let dayOfYear = Int(dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100))
    let march = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * march + 2) / 5 + 1
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(weekdays[Int(days % 7)]), \(two(day)) \(months[month - 1]) \(year) "
      + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
  }
}
