// SPDX-License-Identifier: MIT

/// One `\` escape, or a pair of them that stands for one character outside the basic plane.
struct JSONEscape {
  let scalar: UInt32
  let length: Int

  /// Reads the escape at `at` of a string that the scanner has accepted. A surrogate without its
  /// other half is left as it is: writing it as a scalar gives U+FFFD.
  static func read(_ bytes: Span<UInt8>, at: Int, end: Int) -> JSONEscape {
    guard at &+ 1 < end else { return JSONEscape(scalar: 0xfffd, length: 1) }
    switch bytes[at &+ 1] {
    case UInt8(ascii: "b"): return JSONEscape(scalar: 0x08, length: 2)
    case UInt8(ascii: "f"): return JSONEscape(scalar: 0x0c, length: 2)
    case UInt8(ascii: "n"): return JSONEscape(scalar: 0x0a, length: 2)
    case UInt8(ascii: "r"): return JSONEscape(scalar: 0x0d, length: 2)
    case UInt8(ascii: "t"): return JSONEscape(scalar: 0x09, length: 2)
    case UInt8(ascii: "u"):
      let high = codeUnit(bytes, at: at, end: end)
      guard 0xd800..<0xdc00 ~= high, at &+ 6 < end, bytes[at &+ 6] == UInt8(ascii: "\\") else {
        return JSONEscape(scalar: high, length: min(6, end &- at))
      }
      let low = codeUnit(bytes, at: at &+ 6, end: end)
      guard 0xdc00..<0xe000 ~= low else { return JSONEscape(scalar: high, length: 6) }
      return JSONEscape(scalar: 0x10000 &+ (high & 0x3ff) << 10 | low & 0x3ff, length: 12)
    case let byte: return JSONEscape(scalar: UInt32(byte), length: 2)
    }
  }

  /// The four hex digits of `\uXXXX` at `at`, or U+FFFD if they are not hex digits.
  private static func codeUnit(_ bytes: Span<UInt8>, at: Int, end: Int) -> UInt32 {
    guard at &+ 6 <= end, bytes[at &+ 1] == UInt8(ascii: "u") else { return 0xfffd }
    var unit: UInt32 = 0
    for index in (at &+ 2)..<(at &+ 6) {
      guard let digit = bytes[index].hexDigit else { return 0xfffd }
      unit = unit << 4 | UInt32(digit)
    }
    return unit
  }
}

extension JSONString {
  /// Whether each escaped surrogate has its other half, so that decoding loses nothing.
  public func isWellFormed(in bytes: Span<UInt8>) -> Bool {
    guard hasEscapes else { return true }
    var at = range.lowerBound
    while true {
      let slash = bytes.firstIndex(of: UInt8(ascii: "\\"), in: at..<range.upperBound)
      guard slash < range.upperBound else { return true }
      let escape = JSONEscape.read(bytes, at: slash, end: range.upperBound)
      if 0xd800..<0xe000 ~= escape.scalar { return false }
      at = slash &+ escape.length
    }
  }
}

extension ByteWriter {
  /// Appends the text of a scanned string: escapes decoded, half surrogate pairs as U+FFFD.
  public mutating func append(unescaping string: JSONString, in bytes: Span<UInt8>) {
    guard string.hasEscapes else { return append(bytes, string.range) }
    let end = string.range.upperBound
    // The shortest escape of a character is no shorter than its UTF-8. The two more are for a `\` at the
    // end, which no scanned string has.
    self.bytes.append(addingCapacity: string.range.count &+ 2) { text in
      var at = string.range.lowerBound
      var slashes = PlaceFinder(UInt8(ascii: "\\"))
      while at < end {
        let slash = slashes.next(from: at, to: end, in: bytes)
        text.append(bytes, at..<slash)
        guard slash < end else { break }
        let escape = JSONEscape.read(bytes, at: slash, end: end)
        text.append(scalar: escape.scalar)
        at = slash &+ escape.length
      }
    }
  }
}

extension MutableSpan where Element == UInt8 {
  /// Decodes the escapes of a scanned string where it lies, and returns the range of its text,
  /// which starts at the same byte and is never longer.
  public mutating func unescape(_ string: JSONString) -> Range<Int> {
    guard string.hasEscapes else { return string.range }
    let end = string.range.upperBound
    var at = string.range.lowerBound
    var free = at
    var decoded = ByteWriter(capacity: 4)
    while at < end {
      guard self[at] == UInt8(ascii: "\\") else {
        self[free] = self[at]
        free &+= 1
        at &+= 1
        continue
      }
      let escape = JSONEscape.read(span, at: at, end: end)
      decoded.removeAll()
      decoded.append(scalar: escape.scalar)
      // The shortest escape of a character is no shorter than its UTF-8, so `free` never passes `at`.
      for byte in decoded.bytes {
        self[free] = byte
        free &+= 1
      }
      at &+= escape.length
    }
    return string.range.lowerBound..<free
  }
}
