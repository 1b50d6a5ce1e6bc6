// SPDX-License-Identifier: MIT
import Foundation

/// A day of the calendar.
public struct Day: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Days since 1 January 1970.
  let number: Int

  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = .gmt
    return calendar
  }()

  init(number: Int) { self.number = number }

  /// `2026-01-02`.
  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2 else {
      return nil
    }
    self.init(digits: parts.joined())
  }

  /// `20260102`.
  init?(digits: some StringProtocol) {
    guard digits.utf8.count == 8, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let all = Int(digits), all >= 1_970_01_01
    else { return nil }
    let parts = DateComponents(year: all / 10_000, month: all / 100 % 100, day: all % 100)
    guard parts.isValidDate(in: Self.calendar), let date = Self.calendar.date(from: parts) else {
      return nil
    }
    number = Int((date.timeIntervalSince1970 / 86_400).rounded(.down))
  }

  /// The day of a moment, in UTC.
  init(milliseconds: Int) { number = milliseconds / 86_400_000 }

  /// So many days from today, in UTC.
  public static func today(adding days: Int) -> Day {
    Day(number: Int(Date().timeIntervalSince1970 / 86_400)).adding(days)
  }

  /// Its first moment in UTC.
  var milliseconds: Int { number * 86_400_000 }

  func adding(_ days: Int) -> Day { Day(number: number + days) }

  var nextMonth: Day {
    let parts = Self.calendar.dateComponents([.year, .month], from: date)
    let next = DateComponents(year: parts.year, month: (parts.month ?? 1) + 1, day: 1)
    return Self.calendar.date(from: next).map {
      Day(number: Int($0.timeIntervalSince1970) / 86_400)
    }
      ?? adding(31)
  }

  private var date: Date { Date(timeIntervalSince1970: TimeInterval(number) * 86_400) }

  public var description: String {
    let parts = Self.calendar.dateComponents([.year, .month, .day], from: date)
    func padded(_ number: Int?, _ width: Int) -> String {
      let text = String(number ?? 0)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    return "\(padded(parts.year, 4))-\(padded(parts.month, 2))-\(padded(parts.day, 2))"
  }

  public static func < (a: Day, b: Day) -> Bool { a.number < b.number }
}
