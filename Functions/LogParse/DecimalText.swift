// SPDX-License-Identifier: MIT
import Bytes
import PixelModel

/// A number written in decimal: sign, digits with or without a point, exponent. `+5`, `.5`, `5.` and
/// `1.5e-7` (as JavaScript prints small numbers) count; `1,5`, `0x10` and the empty text do not.
struct DecimalText {
  let isNegative: Bool
  /// The digits before and behind the point.
  let whole: Range<Int>
  let fraction: Range<Int>
  /// Nil if there is none.
  let exponent: Int?

  init?(_ text: Span<UInt8>) {
    var cursor = Cursor()
    isNegative = cursor.takeSign(in: text)
    whole = cursor.digits(in: text)
    let hasPoint = cursor.take(UInt8(ascii: "."), in: text)
    fraction = hasPoint ? cursor.digits(in: text) : cursor.at..<cursor.at
    guard !whole.isEmpty || !fraction.isEmpty else { return nil }
    if cursor.take(UInt8(ascii: "e"), in: text) || cursor.take(UInt8(ascii: "E"), in: text) {
      let isBelowOne = cursor.takeSign(in: text)
      let digits = cursor.digits(in: text)
      guard !digits.isEmpty else { return nil }
      // Beyond the length of any text the value is 0 or endless, however far.
      let magnitude = min(text.decimal(at: digits) ?? .max, 1_000_000_000)
      exponent = isBelowOne ? -magnitude : magnitude
    } else {
      exponent = nil
    }
    guard cursor.at == text.count else { return nil }
  }

  /// Whether the text is already as it is written here: `12` or `12.50`, not `012`, `.5`, `5.`, `0.0`, `-0`, `1e3`.
  fileprivate func isPlain(in text: Span<UInt8>) -> Bool {
    guard !isNegative, exponent == nil, whole.lowerBound == 0, !whole.isEmpty else { return false }
    guard text[0] != UInt8(ascii: "0") else { return text.count == 1 }
    return text.count == whole.count || !fraction.isEmpty
  }

  private struct Cursor {
    var at = 0

    mutating func take(_ byte: UInt8, in text: Span<UInt8>) -> Bool {
      guard at < text.count, text[at] == byte else { return false }
      at += 1
      return true
    }

    /// Takes a sign if there is one, and says whether it was `-`.
    mutating func takeSign(in text: Span<UInt8>) -> Bool {
      take(UInt8(ascii: "-"), in: text) || (take(UInt8(ascii: "+"), in: text) && false)
    }

    mutating func digits(in text: Span<UInt8>) -> Range<Int> {
      let start = at
      while at < text.count, text[at].decimalDigit != nil { at += 1 }
      return start..<at
    }
  }
}

extension ByteWriter {
  /// Appends `text` as a JSON number with the same digits, if it is a number within a double's range.
  mutating func append(float text: Span<UInt8>) -> Bool {
    guard let number = DecimalText(text) else { return false }
    // Without an exponent only hundreds of digits leave the range.
    if number.exponent != nil || number.whole.count > 300 {
      guard let value = Double(text.string), value.isFinite else { return false }
    }
    if number.isNegative { append(UInt8(ascii: "-")) }
    // JSON has neither leading zeros nor a bare point.
    var first = number.whole.lowerBound
    while first + 1 < number.whole.upperBound, text[first] == UInt8(ascii: "0") { first += 1 }
    if number.whole.isEmpty { append(UInt8(ascii: "0")) }
    append(text, first..<number.whole.upperBound)
    if !number.fraction.isEmpty {
      append(UInt8(ascii: "."))
      append(text, number.fraction)
    }
    if let exponent = number.exponent {
      append(UInt8(ascii: "e"))
      append(decimal: exponent)
    }
    return true
  }

  /// Appends `text` as a plain decimal number, if the column holds it. Digits beyond the scale are rounded as
  /// BigQuery does it: 0.1 + 0.2 in a browser is 0.30000000000000004.
  mutating func append(numeric text: Span<UInt8>, _ limits: DecimalLimits) -> Bool {
    guard let number = DecimalText(text) else { return false }
    let isShort =
      number.whole.count <= limits.wholeDigits && number.fraction.count <= limits.scale
    if isShort, number.isPlain(in: text) {
      append(text)
      return true
    }
    let digits = SignificantDigits(number, in: text)
    let mostDigits = limits.wholeDigits + (limits.hasPartialDigit ? 1 : 0)
    guard digits.point <= mostDigits else { return false }
    let kept = min(max(digits.count - digits.point, 0), limits.scale)

    // The digits before the point, one more in front for a carry, and those kept behind it.
    let before = max(digits.point, 1)
    var places: [UInt8] = [0]
    for index in (digits.point - before)..<(digits.point + kept) {
      places.append(digits.digit(index, in: text))
    }
    if digits.roundsUp(at: digits.point + kept, after: places.last ?? 0, limits, in: text) {
      var place = places.count - 1
      while places[place] == 9 {
        places[place] = 0
        place -= 1
      }
      places[place] += 1
    }
    guard limits.hold(places, before: before + 1) else { return false }

    if number.isNegative, places.contains(where: { $0 != 0 }) { append(UInt8(ascii: "-")) }
    for (index, digit) in places.enumerated() where index > 0 || digit > 0 {
      if index == before + 1 { append(UInt8(ascii: ".")) }
      append(UInt8(ascii: "0") + digit)
    }
    return true
  }
}

extension DecimalLimits {
  /// The largest BIGNUMERIC, 2²⁵⁵ − 1 units of 10⁻³⁸, without its point.
  private static let largest = Array(
    "57896044618658097711785492504343953926634992332820282019728792003956564819967".utf8)

  /// Whether the column holds the number of these digits, `before` of which stand before the point.
  fileprivate func hold(_ places: [UInt8], before: Int) -> Bool {
    let zeros = places.prefix(before).prefix { $0 == 0 }.count
    let whole = before - zeros
    guard whole > wholeDigits else { return true }
    guard hasPartialDigit, whole == wholeDigits + 1 else { return false }
    var digits = places.dropFirst(zeros).map { $0 + UInt8(ascii: "0") }
    while digits.count < Self.largest.count { digits.append(UInt8(ascii: "0")) }
    return !Self.largest.lexicographicallyPrecedes(digits)
  }
}

/// The digits of a number from the first that is not zero on, with the exponent worked in.
private struct SignificantDigits {
  private let number: DecimalText
  private let skipped: Int
  /// How many digits there are.
  let count: Int
  /// How many of them stand before the point; more than `count` or negative means zeros between.
  let point: Int

  init(_ number: DecimalText, in text: Span<UInt8>) {
    self.number = number
    let written = number.whole.count + number.fraction.count
    var zeros = 0
    while zeros < written,
      text[Self.offset(zeros, number)] == UInt8(ascii: "0")
    {
      zeros += 1
    }
    skipped = zeros
    count = written - zeros
    // Zero stays zero with any exponent, and keeps at most the zeros behind its point.
    point = count == 0 ? 0 : number.whole.count - zeros + (number.exponent ?? 0)
  }

  /// The digit at `index`, counted from the first significant one; zero outside.
  func digit(_ index: Int, in text: Span<UInt8>) -> UInt8 {
    guard 0..<count ~= index else { return 0 }
    return text[Self.offset(index + skipped, number)] - UInt8(ascii: "0")
  }

  /// Whether the digits from `index` on round up the digit before them: a half or more, or, where halves go to
  /// the even neighbour, more than a half or a half behind an odd digit.
  func roundsUp(
    at index: Int, after last: UInt8, _ limits: DecimalLimits, in text: Span<UInt8>
  ) -> Bool {
    let next = digit(index, in: text)
    guard limits.roundsHalfToEven, next == 5 else { return next >= 5 }
    for rest in max(index + 1, 0)..<max(index + 1, count, 0) where digit(rest, in: text) != 0 {
      return true
    }
    return last % 2 == 1
  }

  private static func offset(_ index: Int, _ number: DecimalText) -> Int {
    index < number.whole.count
      ? number.whole.lowerBound + index
      : number.fraction.lowerBound + (index - number.whole.count)
  }
}
