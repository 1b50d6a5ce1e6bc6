// SPDX-License-Identifier: MIT

extension ByteWriter {
  /// Appends `value` in decimal, with `-` if it is negative.
  public mutating func append(decimal value: Int) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(decimal: UInt64(value.magnitude), digits: 1)
  }

  /// Appends `value` in decimal, with `-` if it is negative.
  @inlinable
  public mutating func append(decimal value: some BinaryInteger) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(decimal: UInt64(value.magnitude), digits: 1)
  }

  /// Appends `value` in decimal with leading zeros up to `digits` digits; a longer one is written whole.
  public mutating func append(decimal value: UInt64, digits: Int) {
    var places: [20 of UInt8] = .init(repeating: UInt8(ascii: "0"))
    var first = 20
    var rest = value
    while rest > 0 {
      first -= 1
      places[first] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    first = min(first, 20 - min(max(digits, 1), 20))
    append(places.span.extracting(first..<20))
  }

  /// Appends `number` as sixteen lower-case hex digits.
  public mutating func append(hex number: UInt64) {
    var places: [16 of UInt8] = .init(repeating: 0)
    for place in 0..<16 {
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * place)) & 15
      places[place] = Self.hexDigit(digit, ten: UInt8(ascii: "a"))
    }
    append(places.span)
  }

  /// Appends each byte as two lower-case hex digits.
  public mutating func append(hex bytes: Span<UInt8>) {
    for index in bytes.indices { append(hex: bytes[index]) }
  }

  /// Appends one byte as two lower-case hex digits.
  @inline(__always)
  public mutating func append(hex byte: UInt8) {
    append(Self.hexDigit(byte >> 4, ten: UInt8(ascii: "a")))
    append(Self.hexDigit(byte & 15, ten: UInt8(ascii: "a")))
  }

  /// Appends one byte as two upper-case hex digits.
  @inline(__always)
  public mutating func append(upperHex byte: UInt8) {
    append(Self.hexDigit(byte >> 4, ten: UInt8(ascii: "A")))
    append(Self.hexDigit(byte & 15, ten: UInt8(ascii: "A")))
  }

  @inline(__always)
  private static func hexDigit(_ value: UInt8, ten: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : ten &+ (value &- 10)
  }
}

extension Span where Element == UInt8 {
  /// The whole number that the bytes in `range` write with decimal digits and an optional `-`;
  /// nil for anything else or one that does not fit.
  public func decimal(at range: Range<Int>) -> Int? {
    var at = range.lowerBound
    let negative = at < range.upperBound && self[at] == UInt8(ascii: "-")
    if negative { at &+= 1 }
    guard at < range.upperBound else { return nil }
    var value = 0
    while at < range.upperBound {
      guard let digit = self[at].decimalDigit else { return nil }
      let (shifted, tooLarge) = value.multipliedReportingOverflow(by: 10)
      // Counts downwards when negative, so that the smallest number fits too.
      let (next, overflow) =
        negative
        ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
      if tooLarge || overflow { return nil }
      value = next
      at &+= 1
    }
    return value
  }
}
