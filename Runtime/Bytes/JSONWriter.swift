// SPDX-License-Identifier: MIT

extension ByteWriter {
  /// Appends `text` as a JSON string with its quotes.
  public mutating func append(json text: Span<UInt8>) { append(json: text, 0..<text.count) }

  /// Appends `prefix`, and the bytes in `range` as a JSON string with its quotes.
  ///
  /// Any bytes give valid JSON and valid UTF-8: ill-formed parts become U+FFFD. U+2028, U+2029 and DEL are
  /// escaped too, so that a line stays a line in every reader.
  public mutating func append(
    _ prefix: Span<UInt8> = Span(), json text: Span<UInt8>, _ range: Range<Int>
  ) {
    guard text.endOfPlain(in: range) < range.upperBound else {
      return append(prefix, quoting: text, range)
    }
    append(prefix)
    append(UInt8(ascii: "\""))
    append(jsonEscaping: text, range)
    append(UInt8(ascii: "\""))
  }

  /// Appends `prefix`, and the bytes in `range` between quotes as they are: the inside of a JSON string
  /// already.
  public mutating func append(
    _ prefix: Span<UInt8> = Span(), quoting text: Span<UInt8>, _ range: Range<Int>
  ) {
    bytes.append(addingCapacity: prefix.count &+ range.count &+ 2) { literal in
      literal.append(prefix)
      literal.append(UInt8(ascii: "\""))
      literal.append(text, range)
      literal.append(UInt8(ascii: "\""))
    }
  }

  /// Appends `prefix`, and a name or value of a query string, decoded as `append(formDecoding:)` does it,
  /// as a JSON string with its quotes.
  public mutating func append(
    _ prefix: Span<UInt8> = Span(), jsonFormDecoding text: Span<UInt8>, _ range: Range<Int>
  ) {
    // Most values are plain text once they are decoded, and need no second copy.
    let start = count &+ prefix.count
    bytes.append(addingCapacity: prefix.count &+ range.count &+ 2) { literal in
      literal.append(prefix)
      literal.append(UInt8(ascii: "\""))
      literal.append(decoding: text, range, plusIsSpace: true)
      literal.append(UInt8(ascii: "\""))
    }
    let inside = (start &+ 1)..<(count &- 1)
    guard bytes.span.endOfPlain(in: inside) < inside.upperBound else { return }
    var decoded = ByteWriter(capacity: inside.count)
    decoded.append(bytes.span, inside)
    truncate(to: start)
    // Ill-formed UTF-8 becomes U+FFFD here too.
    append(json: decoded.bytes.span)
  }

  /// Appends `text` as a JSON string with its quotes.
  public mutating func append(json text: String) {
    var text = text
    text.withUTF8 { unsafe append(json: $0.span) }
  }

  /// Appends the bytes in `range` as the inside of a JSON string.
  public mutating func append(jsonEscaping text: Span<UInt8>, _ range: Range<Int>) {
    var at = range.lowerBound
    var kept = at
    while true {
      at = text.endOfPlain(in: at..<range.upperBound)
      guard at < range.upperBound else { break }
      let step = UTF8Text.step(text, at: at, end: range.upperBound)
      if step.isValid, step.length > 1, !text.isLineSeparator(at: at, length: step.length) {
        at &+= step.length
        continue
      }
      append(text, kept..<at)
      appendEscape(of: text, at: at, step)
      at &+= step.length
      kept = at
    }
    append(text, kept..<range.upperBound)
  }

  private mutating func appendEscape(of text: Span<UInt8>, at: Int, _ step: UTF8Text.Step) {
    guard step.isValid else { return append("\u{fffd}" as StaticString) }
    switch text[at] {
    case UInt8(ascii: "\""): append("\\\"" as StaticString)
    case UInt8(ascii: "\\"): append("\\\\" as StaticString)
    case 0x08: append("\\b" as StaticString)
    case 0x09: append("\\t" as StaticString)
    case 0x0a: append("\\n" as StaticString)
    case 0x0c: append("\\f" as StaticString)
    case 0x0d: append("\\r" as StaticString)
    case 0xe2:
      append("\\u20" as StaticString)
      append(hex: text[at &+ 2] &- 0x80)
    case let control:
      append("\\u00" as StaticString)
      append(hex: control)
    }
  }
}

extension Span where Element == UInt8 {
  /// The end of the run of printable ASCII other than `"` and `\` that begins the range.
  @inline(__always)
  fileprivate func endOfPlain(in range: Range<Int>) -> Int {
    var at = range.lowerBound
    while at &+ 16 <= range.upperBound {
      if let place = block(at: at).notPlain.firstSet { return at &+ place }
      at &+= 16
    }
    // The last sixteen bytes once more: those seen before are plain.
    if range.count >= 16, at < range.upperBound {
      let last = range.upperBound &- 16
      return last &+ (block(at: last).notPlain.firstSet ?? 16)
    }
    while at < range.upperBound {
      switch self[at] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0..<0x20, 0x7f...: return at
      default: at &+= 1
      }
    }
    return at
  }

  /// Whether the character is U+2028 or U+2029, which some readers take for the end of a line.
  @inline(__always)
  fileprivate func isLineSeparator(at: Int, length: Int) -> Bool {
    length == 3 && self[at] == 0xe2 && self[at &+ 1] == 0x80 && self[at &+ 2] & 0xfe == 0xa8
  }
}

extension SIMD16<UInt8> {
  /// The bytes other than printable ASCII, and `"` and `\`.
  @inline(__always)
  fileprivate var notPlain: SIMDMask<SIMD16<Int8>> {
    // As signed bytes those that are not ASCII lie below the space too.
    let space = SIMD16<Int8>(repeating: 0x20)
    return places(of: UInt8(ascii: "\"")) .| places(of: UInt8(ascii: "\\")) .| places(of: 0x7f)
      .| (signed .< space)
  }
}
