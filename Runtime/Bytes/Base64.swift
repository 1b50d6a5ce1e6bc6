// SPDX-License-Identifier: MIT

/// Base64 by RFC 4648 §4: the standard alphabet, padding required, nothing else between.
///
/// The unused low bits before padding may be anything, as Google's own decoders have it.
public enum Base64 {
  /// How many characters `count` bytes become.
  public static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

  /// The value of each character, 0xff for those outside the alphabet.
  static let values: [256 of UInt8] = {
    var values = [256 of UInt8](repeating: 0xff)
    for value in UInt8(0)..<64 { values[Int(character(value))] = value }
    return values
  }()

  static func character(_ value: UInt8) -> UInt8 {
    switch value & 63 {
    case 0..<26: UInt8(ascii: "A") &+ value
    case 26..<52: UInt8(ascii: "a") &+ (value &- 26)
    case 52..<62: UInt8(ascii: "0") &+ (value &- 52)
    case 62: UInt8(ascii: "+")
    default: UInt8(ascii: "/")
    }
  }
}

extension MutableSpan where Element == UInt8 {
  /// Decodes the base64 in `range` where it lies, and returns the range of the bytes, which starts
  /// at the same byte and is shorter; nil if it is not base64. Then the range holds rubbish.
  public mutating func decodeBase64(_ range: Range<Int>) -> Range<Int>? {
    guard range.count % 4 == 0 else { return nil }
    guard !range.isEmpty else { return range }
    let values = Base64.values
    let last = range.upperBound &- 4
    var at = range.lowerBound
    var free = at
    var bad: UInt8 = 0
    while at < last {
      let (a, b) = (values[Int(self[at])], values[Int(self[at &+ 1])])
      let (c, d) = (values[Int(self[at &+ 2])], values[Int(self[at &+ 3])])
      bad |= a | b | c | d
      self[free] = a << 2 | b >> 4
      self[free &+ 1] = b << 4 | c >> 2
      self[free &+ 2] = c << 6 | d
      at &+= 4
      free &+= 3
    }
    // The last four may end in one or two `=`.
    let padding =
      self[last &+ 3] != UInt8(ascii: "=") ? 0 : self[last &+ 2] != UInt8(ascii: "=") ? 1 : 2
    let (a, b) = (values[Int(self[last])], values[Int(self[last &+ 1])])
    let c = padding < 2 ? values[Int(self[last &+ 2])] : 0
    let d = padding < 1 ? values[Int(self[last &+ 3])] : 0
    bad |= a | b | c | d
    guard bad & 0xc0 == 0 else { return nil }
    self[free] = a << 2 | b >> 4
    if padding < 2 { self[free &+ 1] = b << 4 | c >> 2 }
    if padding < 1 { self[free &+ 2] = c << 6 | d }
    return range.lowerBound..<(free &+ 3 &- padding)
  }
}

extension ByteWriter {
  /// Appends `source` in base64, with padding.
  public mutating func append(base64 source: Span<UInt8>) {
    bytes.reserveCapacity(bytes.count + Base64.encodedCount(source.count))
    var at = 0
    while at &+ 3 <= source.count {
      appendQuad(source[at], source[at &+ 1], source[at &+ 2])
      at &+= 3
    }
    switch source.count &- at {
    case 1:
      appendQuad(source[at], 0, 0)
      bytes.removeLast(2)
      append("==" as StaticString)
    case 2:
      appendQuad(source[at], source[at &+ 1], 0)
      bytes.removeLast(1)
      append(UInt8(ascii: "="))
    default: break
    }
  }

  @inline(__always)
  private mutating func appendQuad(_ a: UInt8, _ b: UInt8, _ c: UInt8) {
    append(Base64.character(a >> 2))
    append(Base64.character((a << 4 | b >> 4) & 63))
    append(Base64.character((b << 2 | c >> 6) & 63))
    append(Base64.character(c & 63))
  }
}
