// SPDX-License-Identifier: MIT
import Bytes
import Foundation

/// A day of the calendar.
public struct Day: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Days since 1 January 1970.
  let number: Int

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
      let all = Int(digits), all >= 1_970_01_01,
      let date = CalendarDate(year: all / 10_000, month: all / 100 % 100, day: all % 100)
    else { return nil }
    number = date.daysSince1970
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

  /// The first day of the month after its own.
  var nextMonth: Day {
    let (year, month) = date.month == 12 ? (date.year + 1, 1) : (date.year, date.month + 1)
    return CalendarDate(year: year, month: month, day: 1).map { Day(number: $0.daysSince1970) }
      ?? adding(31)
  }

  private var date: CalendarDate { CalendarDate(daysSince1970: number) }

  /// `2026-01-02`
  public var description: String {
    var text = ByteWriter(capacity: 10)
    text.append(date: date)
    return text.bytes.span.string
  }

  public static func < (a: Day, b: Day) -> Bool { a.number < b.number }
}
