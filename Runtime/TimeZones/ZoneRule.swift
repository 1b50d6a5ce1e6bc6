// SPDX-License-Identifier: MIT
import Bytes

/// A rule for all years, in the form of the POSIX variable `TZ` with the extensions of RFC 8536 §3.3.1:
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Equatable, Sendable {
  /// Seconds ahead of UTC.
  let standard: Int
  let summer: Summer?

  struct Summer: Equatable, Sendable {
    let offset: Int
    let begin: Change
    let end: Change
  }

  /// A moment of each year, by the clock that holds until then.
  struct Change: Equatable, Sendable {
    enum Day: Equatable, Sendable {
      /// `Mm.w.d`: the w-th (5: last) weekday d, 0 is Sunday, of the month.
      case weekday(month: Int, week: Int, day: Int)
      /// `Jn`: 1 to 365, 29 February is never counted.
      case withoutLeap(Int)
      /// `n`: 0 to 365.
      case ofYear(Int)
    }
    let day: Day
    let seconds: Int
  }

  func offset(at moment: Int64) -> Int {
    guard let summer else { return standard }
    let local = moment.addingReportingOverflow(Int64(standard)).partialValue
    guard let year = Timestamp(seconds: local)?.date.year else { return standard }
    let begin = summer.begin.seconds(inYear: year) - Int64(standard)
    let end = summer.end.seconds(inYear: year) - Int64(summer.offset)
    let isSummer =
      begin < end ? begin <= moment && moment < end : !(end <= moment && moment < begin)
    return isSummer ? summer.offset : standard
  }

  init?(_ text: String) {
    var reader = Reader(Array(text.utf8))
    guard reader.name(), let west = reader.time(limit: 24) else { return nil }
    standard = -west
    guard !reader.isAtEnd else {
      summer = nil
      return
    }
    guard reader.name() else { return nil }
    let summerWest = reader.next == UInt8(ascii: ",") ? west - 3600 : reader.time(limit: 24)
    guard let summerWest, reader.take(","), let begin = reader.change(), reader.take(","),
      let end = reader.change(), reader.isAtEnd
    else { return nil }
    summer = Summer(offset: -summerWest, begin: begin, end: end)
  }
}

extension ZoneRule.Change {
  /// The moment as seconds since 1970 of the clock that holds until then.
  func seconds(inYear year: Int) -> Int64 {
    func day(_ month: Int, _ day: Int) -> Int64 {
      let date = CalendarDate(year: year, month: month, day: day)
      return date.flatMap { Timestamp($0, nil) }.map { $0.seconds / 86_400 } ?? 0
    }
    let isLeap = CalendarDate(year: year, month: 2, day: 29) != nil
    let days: Int64
    switch self.day {
    case .withoutLeap(let number):
      days = day(1, 1) + Int64(number - 1 + (isLeap && number > 59 ? 1 : 0))
    case .ofYear(let number): days = day(1, 1) + Int64(number)
    case .weekday(let month, let week, let weekday):
      let first = day(month, 1)
      let length = month == 12 ? 31 : day(month + 1, 1) - first
      // 1970-01-01 was a Thursday.
      let firstWeekday = (first % 7 + 11) % 7
      var number = (Int64(weekday) - firstWeekday + 7) % 7 + Int64(week - 1) * 7
      if number >= length { number -= 7 }
      days = first + number
    }
    return days * 86_400 + Int64(seconds)
  }
}

/// The parts of a rule.
private struct Reader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }
  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Three letters or more, or anything of letters, digits and signs in `<>`.
  mutating func name() -> Bool {
    let start = position
    if take("<") {
      while let byte = next, byte != UInt8(ascii: ">") {
        guard (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2B || byte == 0x2D else {
          return false
        }
        position += 1
      }
      return take(">") && position - start >= 5
    }
    while let byte = next, (byte | 0x20) &- 0x61 < 26 { position += 1 }
    return position - start >= 3
  }

  private mutating func number(_ range: ClosedRange<Int>) -> Int? {
    let start = position
    var value = 0
    while let byte = next, byte &- 0x30 < 10, position - start < 3 {
      value = value * 10 + Int(byte &- 0x30)
      position += 1
    }
    return position > start && range.contains(value) ? value : nil
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  mutating func time(limit: Int) -> Int? {
    let sign = take("-") ? -1 : 1
    if sign == 1 { _ = take("+") }
    guard let hours = number(0...limit) else { return nil }
    var seconds = hours * 3600
    if take(":") {
      guard let minutes = number(0...59) else { return nil }
      seconds += minutes * 60
      if take(":") {
        guard let rest = number(0...59) else { return nil }
        seconds += rest
      }
    }
    return sign * seconds
  }

  mutating func change() -> ZoneRule.Change? {
    let day: ZoneRule.Change.Day
    if take("M") {
      guard let month = number(1...12), take("."), let week = number(1...5), take("."),
        let weekday = number(0...6)
      else { return nil }
      day = .weekday(month: month, week: week, day: weekday)
    } else if take("J") {
      guard let number = number(1...365) else { return nil }
      day = .withoutLeap(number)
    } else {
      guard let number = number(0...365) else { return nil }
      day = .ofYear(number)
    }
    guard take("/") else { return .init(day: day, seconds: 7200) }
    return time(limit: 167).map { .init(day: day, seconds: $0) }
  }
}
