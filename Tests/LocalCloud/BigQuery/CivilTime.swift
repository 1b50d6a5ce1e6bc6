// SPDX-License-Identifier: MIT

/// A date and a time of day in the proleptic Gregorian calendar, to the microsecond, with the
/// range of BigQuery's types: 0001-01-01 to 9999-12-31.
package struct CivilTime: Equatable, Sendable {
  var year = 1970
  var month = 1
  var day = 1
  var hour = 0
  var minute = 0
  var second = 0
  var microsecond = 0

  init() {}

  package init(unixMicroseconds: Int64) {
    let days = unixMicroseconds.floorDivided(by: 86_400_000_000)
    let rest = Int(unixMicroseconds - days * 86_400_000_000)
    (year, month, day) = Self.date(daysSince1970: Int(days))
    hour = rest / 3_600_000_000
    minute = rest / 60_000_000 % 60
    second = rest / 1_000_000 % 60
    microsecond = rest % 1_000_000
  }

  var unixMicroseconds: Int64 {
    let seconds = daysSince1970 * 86_400 + hour * 3_600 + minute * 60 + second
    return Int64(seconds) * 1_000_000 + Int64(microsecond)
  }

  var isValid: Bool {
    (1...9999).contains(year) && (1...12).contains(month)
      && (1...Self.length(ofMonth: month, in: year)).contains(day)
      && (0..<24).contains(hour) && (0..<60).contains(minute) && (0..<60).contains(second)
  }

  var date: String { "\(year.padded(4))-\(month.padded(2))-\(day.padded(2))" }

  /// Without a fraction when it is zero, else with six digits.
  var time: String {
    let clock = "\(hour.padded(2)):\(minute.padded(2)):\(second.padded(2))"
    return microsecond == 0 ? clock : clock + "." + microsecond.padded(6)
  }

  /// RFC 3339 in UTC, always with six digits.
  package var timestamp: String {
    "\(date)T\(hour.padded(2)):\(minute.padded(2)):\(second.padded(2)).\(microsecond.padded(6))Z"
  }

  private static func length(ofMonth month: Int, in year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Counting years from March puts the leap day at a year's end, so that the months before
  /// it always have the same lengths.
  private var daysSince1970: Int {
    let y = month > 2 ? year : year - 1
    let era = y.floorDivided(by: 400)
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(daysSince1970 days: Int) -> (Int, Int, Int) {
    let shifted = days + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

extension BinaryInteger {
  /// Division that rounds down for negative numbers too.
  func floorDivided(by divisor: Self) -> Self {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }

  func padded(_ width: Int) -> String {
    let digits = String(self)
    return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
  }
}
