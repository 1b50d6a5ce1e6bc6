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
    // Decoded text is never longer.
    self.bytes.append(addingCapacity: range.count) { text in
      text.append(decoding: bytes, range, plusIsSpace: plusIsSpace)
    }
  }

  private mutating func repair(from start: Int) {
    var repaired = ByteWriter(capacity: count + 16)
    repaired.append(repairing: bytes.span, start..<count)
    bytes.removeSubrange(start...)
    append(repaired.bytes.span)
  }
}

extension OutputSpan<UInt8> {
  /// Appends the bytes in `range` decoded; there has to be room for as many.
  @inline(__always)
  mutating func append(decoding bytes: Span<UInt8>, _ range: Range<Int>, plusIsSpace: Bool) {
    let (end, percent) = (range.upperBound, UInt8(ascii: "%"))
    let plus = plusIsSpace ? UInt8(ascii: "+") : percent
    var at = range.lowerBound
    while at < end {
      let byte = bytes[at]
      if byte == percent {
        if at &+ 2 < end, let high = bytes[at &+ 1].hexDigit, let low = bytes[at &+ 2].hexDigit {
          append(high << 4 | low)
          at &+= 3
        } else {
          append(byte)
          at &+= 1
        }
      } else if byte == plus {
        append(0x20)
        at &+= 1
      } else {
        let stop = bytes.firstIndex(of: percent, or: plus, in: at..<end)
        append(bytes, at..<stop)
        at = stop
      }
    }
  }
}
