// SPDX-License-Identifier: MIT

extension ByteWriter {
  /// Appends the bytes in `range` with `%XX` decoded; a `%` without two hex digits stays as it is
  /// (WHATWG URL §1.3). The result need not be UTF-8.
  public mutating func append(percentDecoding bytes: Span<UInt8>, _ range: Range<Int>) {
    decode(bytes, range, plusIsSpace: false)
  }

  /// Appends a name or value of a query string as its text: `+` is a space, `%XX` is decoded, a bad
  /// one stays, ill-formed UTF-8 becomes U+FFFD (WHATWG URL §5.1).
  public mutating func append(formDecoding bytes: Span<UInt8>, _ range: Range<Int>) {
    let start = count
    decode(bytes, range, plusIsSpace: true)
    if !UTF8Text.isValid(self.bytes.span, start..<count) { repair(from: start) }
  }

  @inline(__always)
  private mutating func decode(_ bytes: Span<UInt8>, _ range: Range<Int>, plusIsSpace: Bool) {
    var at = range.lowerBound
    var kept = at
    while at < range.upperBound {
      let byte = bytes[at]
      if byte == UInt8(ascii: "%"), at &+ 2 < range.upperBound,
        let high = bytes[at &+ 1].hexDigit, let low = bytes[at &+ 2].hexDigit
      {
        append(bytes, kept..<at)
        append(high << 4 | low)
        at &+= 3
        kept = at
      } else if plusIsSpace, byte == UInt8(ascii: "+") {
        append(bytes, kept..<at)
        append(0x20)
        at &+= 1
        kept = at
      } else {
        at &+= 1
      }
    }
    append(bytes, kept..<range.upperBound)
  }

  private mutating func repair(from start: Int) {
    var repaired = ByteWriter(capacity: count + 16)
    repaired.append(repairing: bytes.span, start..<count)
    bytes.removeSubrange(start...)
    append(repaired.bytes.span)
  }
}
