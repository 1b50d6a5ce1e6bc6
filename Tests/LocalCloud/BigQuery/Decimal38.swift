// SPDX-License-Identifier: MIT

/// A decimal number of any length as its digits, exact, for NUMERIC and BIGNUMERIC.
struct Decimal38 {
  private var negative = false
  private var integer: [UInt8] = []
  private var fraction: [UInt8] = []

  /// Reads `-12.5`, `.5`, `1e3`; nil if `text` is not a number.
  init?(_ text: String) {
    var rest = text.utf8[...]
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
      negative = rest.removeFirst() == UInt8(ascii: "-")
    }
    integer = Self.digits(&rest)
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = Self.digits(&rest)
    }
    if integer.isEmpty && fraction.isEmpty { return nil }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest.removeFirst()
      // Beyond this the value is either zero or out of every type's range.
      guard let exponent = Int(String(rest) ?? ""), abs(exponent) <= 200 else { return nil }
      shift(by: exponent)
      rest = rest.suffix(0)
    }
    if !rest.isEmpty { return nil }
    integer = Array(integer.drop { $0 == 0 })
  }

  private static func digits(_ rest: inout Substring.UTF8View) -> [UInt8] {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    rest = rest.dropFirst(digits.count)
    return digits.map { $0 - 0x30 }
  }

  private mutating func shift(by exponent: Int) {
    for _ in 0..<max(0, exponent) { integer.append(fraction.isEmpty ? 0 : fraction.removeFirst()) }
    for _ in 0..<max(0, -exponent) { fraction.insert(integer.popLast() ?? 0, at: 0) }
  }

  /// The number rounded half away from zero, as BigQuery stores it, without trailing zeros; nil if
  /// it has more than `integerDigits` digits before the point.
  func rounded(integerDigits: Int, fractionDigits: Int) -> String? {
    var digits = integer + fraction.prefix(fractionDigits)
    if fraction.count > fractionDigits, fraction[fractionDigits] >= 5 {
      var index = digits.count - 1
      while index >= 0, digits[index] == 9 {
        digits[index] = 0
        index -= 1
      }
      if index >= 0 { digits[index] += 1 } else { digits.insert(1, at: 0) }
    }
    let fractionCount = min(fraction.count, fractionDigits)
    let whole = digits.dropLast(fractionCount).drop { $0 == 0 }
    if whole.count > integerDigits { return nil }
    var part = digits.suffix(fractionCount)
    while part.last == 0 { part.removeLast() }
    let isZero = whole.isEmpty && part.isEmpty
    func text(_ digits: some Sequence<UInt8>) -> String { digits.map { String($0) }.joined() }
    return (negative && !isZero ? "-" : "") + (whole.isEmpty ? "0" : text(whole))
      + (part.isEmpty ? "" : "." + text(part))
  }
}
