// SPDX-License-Identifier: MIT

extension Timestamp {
  /// Reads a time as the code of web pages, apps and databases writes it:
  ///
  /// - RFC 3339; also with a space instead of `T`, without seconds, with the zone as
  ///   `TimeScanner.zone` reads it, or only the date (then its midnight in UTC).
  /// - A count since 1970 with or without a fraction: seconds, or milliseconds (`Date.now()`), or
  ///   microseconds. Which one follows from its size: below 10¹¹ are seconds (until the year 5138),
  ///   below 10¹⁴ milliseconds (from 1973 on), below 10¹⁷ microseconds.
  public init?(clientText bytes: Span<UInt8>, _ range: Range<Int>) {
    var text = TimeScanner(range)
    guard let date = text.date(in: bytes) else {
      self.init(epoch: bytes, range)
      return
    }
    guard !text.isAtEnd else {
      self.init(date, nil)
      return
    }
    guard
      text.take(UInt8(ascii: "T"), in: bytes) || text.take(UInt8(ascii: "t"), in: bytes)
        || text.take(UInt8(ascii: " "), in: bytes),
      let time = text.time(in: bytes, secondsRequired: false)
    else { return nil }
    guard let offset = text.zone(in: bytes), text.isAtEnd else { return nil }
    self.init(date, time, offsetMinutes: offset)
  }

  private init?(epoch bytes: Span<UInt8>, _ range: Range<Int>) {
    var end = range.lowerBound
    while end < range.upperBound, bytes[end] != UInt8(ascii: ".") { end += 1 }
    guard end - range.lowerBound <= 18,
      let whole = bytes.decimal(at: range.lowerBound..<end)
    else { return nil }
    var rest = TimeScanner(end..<range.upperBound)
    guard let fraction = rest.fraction(in: bytes), rest.isAtEnd else { return nil }

    let perSecond: Int64
    switch whole.magnitude {
    case 0..<100_000_000_000: perSecond = 1
    case 0..<100_000_000_000_000: perSecond = 1000
    case 0..<100_000_000_000_000_000: perSecond = 1_000_000
    default: return nil
    }
    let count = Int64(whole)
    // A count of nanoseconds that fits: below 10¹¹ seconds it is the sum of two parts, each signed
    // like the count, so that the last step can borrow a second.
    var seconds = count / perSecond
    var nanoseconds = count % perSecond * (1_000_000_000 / perSecond)
    let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
    nanoseconds += (isNegative ? -1 : 1) * Int64(fraction) / perSecond
    if nanoseconds < 0 {
      seconds -= 1
      nanoseconds += 1_000_000_000
    }
    self.init(seconds: seconds, nanoseconds: Int32(nanoseconds))
  }
}
