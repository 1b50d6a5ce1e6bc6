// SPDX-License-Identifier: MIT

/// Reads dates and times in the forms that BigQuery takes, e.g. `2026-01-02 03:04:05.678+01:00`.
package struct CivilTimeParser {
  package enum Problem: Error, Equatable {
    case malformed
    case unknownZone(String)
  }

  private let bytes: [UInt8]
  private var position = 0
  private var result = CivilTime()

  private init(_ text: String) { bytes = Array(text.utf8) }

  static func date(_ text: String) throws(Problem) -> CivilTime {
    var parser = CivilTimeParser(text)
    try parser.date()
    return try parser.finish()
  }

  static func time(_ text: String) throws(Problem) -> CivilTime {
    var parser = CivilTimeParser(text)
    try parser.time(secondsRequired: true)
    return try parser.finish()
  }

  static func dateTime(_ text: String) throws(Problem) -> CivilTime {
    var parser = CivilTimeParser(text)
    try parser.dateTime()
    return try parser.finish()
  }

  /// The moment in microseconds since 1970; without a zone it is UTC.
  package static func timestamp(_ text: String) throws(Problem) -> Int64 {
    var parser = CivilTimeParser(text)
    try parser.dateTime()
    let offset = try parser.zone()
    let civil = try parser.finish()
    return civil.unixMicroseconds - Int64(offset) * 60_000_000
  }

  private func finish() throws(Problem) -> CivilTime {
    guard position == bytes.count, result.isValid else { throw .malformed }
    return result
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func digits(_ count: ClosedRange<Int>) throws(Problem) -> Int {
    var value = 0
    var seen = 0
    while seen < count.upperBound, let byte = next, (0x30...0x39).contains(byte) {
      value = value * 10 + Int(byte - 0x30)
      seen += 1
      position += 1
    }
    guard count.contains(seen) else { throw .malformed }
    return value
  }

  private mutating func date() throws(Problem) {
    result.year = try digits(4...4)
    guard take("-") else { throw .malformed }
    result.month = try digits(1...2)
    guard take("-") else { throw .malformed }
    result.day = try digits(1...2)
  }

  private mutating func time(secondsRequired: Bool) throws(Problem) {
    result.hour = try digits(1...2)
    guard take(":") else { throw .malformed }
    result.minute = try digits(1...2)
    guard take(":") else {
      if secondsRequired { throw .malformed }
      return
    }
    result.second = try digits(1...2)
    if take(".") { try fraction() }
  }

  /// Microseconds are kept; clients send up to nanoseconds, which BigQuery cuts off.
  private mutating func fraction() throws(Problem) {
    let start = position
    _ = try digits(1...12)
    let kept = bytes[start..<position].prefix(6)
    result.microsecond = kept.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    for _ in kept.count..<6 { result.microsecond *= 10 }
  }

  private mutating func dateTime() throws(Problem) {
    try date()
    guard take("T") || take("t") || hasTimeAfterSpace() else { return }
    try time(secondsRequired: false)
  }

  /// A space may also lead to a zone name, as in `2026-01-02 UTC`.
  private mutating func hasTimeAfterSpace() -> Bool {
    guard next == 0x20, position + 1 < bytes.count, (0x30...0x39).contains(bytes[position + 1])
    else { return false }
    position += 1
    return true
  }

  /// Minutes east of UTC.
  private mutating func zone() throws(Problem) -> Int {
    if next == nil || take("Z") || take("z") { return 0 }
    let spaced = take(" ")
    if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") {
      let sign = take("-") ? -1 : 1
      if sign == 1 { _ = take("+") }
      let hours = try digits(1...2)
      let minutes = take(":") ? try digits(2...2) : 0
      guard hours <= 14, minutes < 60 else { throw .malformed }
      return sign * (hours * 60 + minutes)
    }
    guard spaced else { throw .malformed }
    let name = String(decoding: bytes[position...], as: UTF8.self)
    guard name == "UTC" || name == "Z" else { throw .unknownZone(name) }
    position = bytes.count
    return 0
  }
}
