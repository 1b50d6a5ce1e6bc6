// SPDX-License-Identifier: MIT

/// Reads the parts of a written date and time one after the other.
public struct TimeScanner {
  private var at: Int
  private let end: Int

  public init(_ range: Range<Int>) {
    at = range.lowerBound
    end = range.upperBound
  }

  public var isAtEnd: Bool { at == end }

  /// Takes `byte` if it comes next.
  @inline(__always)
  public mutating func take(_ byte: UInt8, in bytes: Span<UInt8>) -> Bool {
    guard at < end, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  /// Takes `word` if it comes next.
  public mutating func take(_ word: StaticString, in bytes: Span<UInt8>) -> Bool {
    guard end - at >= word.utf8CodeUnitCount,
      bytes.equals(word, at: at..<(at + word.utf8CodeUnitCount))
    else { return false }
    at += word.utf8CodeUnitCount
    return true
  }

  /// Takes two digits.
  @inline(__always)
  private mutating func twoDigits(in bytes: Span<UInt8>) -> Int? {
    guard end - at >= 2, let tens = bytes[at].decimalDigit, let ones = bytes[at &+ 1].decimalDigit
    else { return nil }
    at &+= 2
    return tens &* 10 &+ ones
  }

  /// `YYYY-MM-DD`
  public mutating func date(in bytes: Span<UInt8>) -> CalendarDate? {
    guard let century = twoDigits(in: bytes), let year = twoDigits(in: bytes),
      take(UInt8(ascii: "-"), in: bytes), let month = twoDigits(in: bytes),
      take(UInt8(ascii: "-"), in: bytes), let day = twoDigits(in: bytes)
    else { return nil }
    return CalendarDate(year: century * 100 + year, month: month, day: day)
  }

  /// `HH:MM:SS` and a fraction; without `secondsRequired` also `HH:MM`.
  public mutating func time(in bytes: Span<UInt8>, secondsRequired: Bool) -> TimeOfDay? {
    guard let hour = twoDigits(in: bytes), hour < 24, take(UInt8(ascii: ":"), in: bytes),
      let minute = twoDigits(in: bytes), minute < 60
    else { return nil }
    let seconds = hour * 3600 + minute * 60
    guard take(UInt8(ascii: ":"), in: bytes) else {
      return secondsRequired ? nil : TimeOfDay(seconds: seconds, nanoseconds: 0)
    }
    // A leap second (60) has no place in a count of seconds; Google's parsers refuse it too.
    guard let second = twoDigits(in: bytes), second < 60 else { return nil }
    guard let nanoseconds = fraction(in: bytes) else { return nil }
    return TimeOfDay(seconds: seconds + second, nanoseconds: nanoseconds)
  }

  /// `.` and at least one digit, as nanoseconds; digits after the ninth are dropped. 0 without `.`.
  public mutating func fraction(in bytes: Span<UInt8>) -> Int32? {
    guard take(UInt8(ascii: "."), in: bytes) else { return 0 }
    let first = at
    var nanoseconds: Int32 = 0
    var unit: Int32 = 100_000_000
    while at < end, let digit = bytes[at].decimalDigit {
      nanoseconds += Int32(truncatingIfNeeded: digit) * unit
      unit /= 10
      at += 1
    }
    return at > first ? nanoseconds : nil
  }

  /// `Z`, `z`, or `+HH:MM` and `-HH:MM`, in minutes east of UTC.
  public mutating func offset(in bytes: Span<UInt8>) -> Int? {
    if take(UInt8(ascii: "Z"), in: bytes) || take(UInt8(ascii: "z"), in: bytes) { return 0 }
    let west = take(UInt8(ascii: "-"), in: bytes)
    guard west || take(UInt8(ascii: "+"), in: bytes) else { return nil }
    guard let minutes = hoursAndMinutes(in: bytes) else { return nil }
    return west ? -minutes : minutes
  }

  /// `HH:MM` as minutes.
  private mutating func hoursAndMinutes(in bytes: Span<UInt8>) -> Int? {
    guard let hours = twoDigits(in: bytes), hours < 24, take(UInt8(ascii: ":"), in: bytes),
      let minutes = twoDigits(in: bytes), minutes < 60
    else { return nil }
    return hours * 60 + minutes
  }

  /// The zone as databases and programs write it, in minutes east of UTC; UTC at the end of the text.
  ///
  /// `Z`, `UTC`, `GMT`, and offsets such as `+01:00`, `+0100`, `+01` and `-7`, with or without a space
  /// before them. A `+` that a query string has turned into a space is understood.
  public mutating func zone(in bytes: Span<UInt8>) -> Int? {
    guard !isAtEnd else { return 0 }
    let hasSpace = take(UInt8(ascii: " "), in: bytes)
    if take(UInt8(ascii: "Z"), in: bytes) || take(UInt8(ascii: "z"), in: bytes) { return 0 }
    if hasSpace, take("UTC", in: bytes) || take("GMT", in: bytes) { return 0 }
    let isWest = take(UInt8(ascii: "-"), in: bytes)
    guard isWest || take(UInt8(ascii: "+"), in: bytes) || hasSpace else { return nil }
    guard let minutes = anyHoursAndMinutes(in: bytes) else { return nil }
    return isWest ? -minutes : minutes
  }

  /// `HH:MM`, `H:MM`, `HHMM`, `HH` or `H` as minutes.
  private mutating func anyHoursAndMinutes(in bytes: Span<UInt8>) -> Int? {
    let first = at
    while at < end, at &- first < 4, bytes[at].decimalDigit != nil { at &+= 1 }
    guard var hours = bytes.decimal(at: first..<at), at &- first != 3 else { return nil }
    var minutes = 0
    if at &- first == 4 {
      (hours, minutes) = (hours / 100, hours % 100)
    } else if take(UInt8(ascii: ":"), in: bytes) {
      guard let both = twoDigits(in: bytes) else { return nil }
      minutes = both
    }
    return hours < 24 && minutes < 60 ? hours * 60 + minutes : nil
  }
}
