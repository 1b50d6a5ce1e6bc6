// SPDX-License-Identifier: MIT

/// A point in time to the nanosecond, in the years 1 to 9999, like protobuf's and BigQuery's.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Whole seconds since 1970-01-01T00:00:00Z.
  public let seconds: Int64
  /// 0 to 999,999,999, always forwards from `seconds`.
  public let nanoseconds: Int32

  /// Nil outside the years 1 to 9999, or if `nanoseconds` is negative or a second or more.
  public init?(seconds: Int64, nanoseconds: Int32 = 0) {
    guard -62_135_596_800...253_402_300_799 ~= seconds, 0..<1_000_000_000 ~= nanoseconds else {
      return nil
    }
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// The time of day on that date, `offsetMinutes` east of UTC.
  public init?(_ date: CalendarDate, _ time: TimeOfDay?, offsetMinutes: Int = 0) {
    let seconds = date.daysSince1970 * 86_400 + (time?.seconds ?? 0) - offsetMinutes * 60
    self.init(seconds: Int64(seconds), nanoseconds: time?.nanoseconds ?? 0)
  }

  /// Reads RFC 3339 §5.6: `2026-01-02T03:44:05.123456789Z`, also with an offset instead of `Z`,
  /// also with lower-case `t` and `z`. Digits after the ninth are dropped; leap seconds are refused.
  public init?(rfc3339 bytes: Span<UInt8>, _ range: Range<Int>) {
    var text = TimeScanner(range)
    guard let date = text.date(in: bytes),
      text.take(UInt8(ascii: "T"), in: bytes) || text.take(UInt8(ascii: "t"), in: bytes),
      let time = text.time(in: bytes, secondsRequired: true),
      let offset = text.offset(in: bytes), text.isAtEnd
    else { return nil }
    self.init(date, time, offsetMinutes: offset)
  }

  /// Reads RFC 3339 from text, for the places that may allocate.
  public init?(rfc3339 text: String) {
    let bytes = Array(text.utf8)
    self.init(rfc3339: bytes.span, 0..<bytes.count)
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// The date in UTC.
  public var date: CalendarDate { CalendarDate(daysSince1970: days) }

  /// The time of day in UTC.
  public var timeOfDay: TimeOfDay {
    TimeOfDay(seconds: Int(seconds) - days * 86_400, nanoseconds: nanoseconds)
  }

  private var days: Int {
    // Rounds down, also before 1970.
    (Int(seconds) - (seconds < 0 ? 86_399 : 0)) / 86_400
  }
}
