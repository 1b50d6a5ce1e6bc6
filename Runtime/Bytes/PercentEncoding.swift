// SPDX-License-Identifier: MIT

extension ByteWriter {
  /// Appends a value. A text that could be taken for a number or a truth value is marked as one: its first byte
  /// is encoded.
  public mutating func append(percentEncoding value: Span<UInt8>, isText: Bool) {
    guard isText, value.isPlainLiteral else { return append(percentEncoding: value) }
    append(UInt8(ascii: "%"))
    append(upperHex: value[0])
    append(percentEncoding: value.extracting(1..<value.count))
  }

  /// Appends text with everything but letters, digits and `-._~[]` as `%XX`; ill-formed UTF-8 stays for the
  /// reader to repair.
  public mutating func append(percentEncoding text: Span<UInt8>, encodingDots: Bool = false) {
    var kept = 0
    let dot = encodingDots ? UInt8(ascii: ".") : UInt8(ascii: "%")
    for at in text.indices where !text[at].isPlainInQuery || text[at] == dot {
      append(text, kept..<at)
      append(UInt8(ascii: "%"))
      append(upperHex: text[at])
      kept = at &+ 1
    }
    append(text, kept..<text.count)
  }
}

extension UInt8 {
  /// RFC 3986 §2.3, and the brackets that number a list.
  @inline(__always)
  fileprivate var isPlainInQuery: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "["), UInt8(ascii: "]"):
      true
    default: false
    }
  }
}
