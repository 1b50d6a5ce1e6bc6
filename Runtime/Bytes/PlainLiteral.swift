// SPDX-License-Identifier: MIT

extension Span where Element == UInt8 {
  /// Whether the text is `true`, `false`, or a number of which no reader of JSON loses a digit: written without
  /// exponent and without a zero to lose, of at most 18 digits, or with a point as JavaScript prints it.
  ///
  /// `5`, `-1.5` and `0.30000000000000004` are; `05`, `1.50`, `-0`, `1e3` and `0.30000000000000001` are not.
  public var isPlainLiteral: Bool {
    guard count > 0, count <= 24 else { return false }
    if self[0] > UInt8(ascii: "9") { return equals("true") || equals("false") }
    let first = self[0] == UInt8(ascii: "-") ? 1 : 0
    let point = endOfDigits(from: first)
    let whole = point &- first
    guard whole > 0, whole == 1 || self[first] != UInt8(ascii: "0") else { return false }
    guard point < count else {
      return whole <= 18 && (first == 0 || self[first] != UInt8(ascii: "0"))
    }
    guard self[point] == UInt8(ascii: "."), endOfDigits(from: point &+ 1) == count,
      point &+ 1 < count, self[count &- 1] != UInt8(ascii: "0")
    else { return false }
    // A double keeps any fifteen digits, and more only if it prints them itself.
    return count &- first <= 16 || Double(string).map { $0.description == string } ?? false
  }

  private func endOfDigits(from start: Int) -> Int {
    var at = start
    while at < count, self[at].decimalDigit != nil { at &+= 1 }
    return at
  }
}
