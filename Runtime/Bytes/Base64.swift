// SPDX-License-Identifier: MIT

/// Base64 by RFC 4648 §4: the standard alphabet, padding required, nothing else between.
///
/// The unused low bits before padding may be anything, as Google's own decoders have it.
public enum Base64 {
  /// How many characters `count` bytes become.
  public static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

  /// Whether the string's text is base64; nothing is changed.
  public static func isValid(_ string: JSONString, in bytes: Span<UInt8>) -> Bool {
    guard !string.hasEscapes else {
      let text = string.text(in: bytes)
      return isValid(text.span)
    }
    return isValid(bytes.extracting(string.range))
  }

  private static func isValid(_ text: Span<UInt8>) -> Bool {
    guard text.count % 4 == 0 else { return false }
    var end = text.count
    for _ in 0..<2 where end > 0 && text[end &- 1] == UInt8(ascii: "=") { end &-= 1 }
    for at in 0..<end where value(text[at]) == nil { return false }
    return true
  }

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

/// Sixteen characters at once, which is what makes base64 cheap enough not to be noticed: every push
/// is mostly base64.
private struct Base64Block {
  /// The 6-bit value of each character; anything for those outside the alphabet.
  var values: SIMD16<UInt8>
  /// All bits set for the characters outside the alphabet.
  var bad: SIMD16<UInt8>

  @inline(__always)
  init(_ characters: SIMD16<UInt8>) {
    // Whole vectors on both sides: operators that mix in a scalar fall back to one lane at a time.
    func all(_ value: UInt8) -> SIMD16<UInt8> { SIMD16(repeating: value) }
    func chosen(_ mask: SIMDMask<SIMD16<Int8>>) -> SIMD16<UInt8> {
      unsafe unsafeBitCast(mask, to: SIMD16<UInt8>.self)
    }
    let upper = characters &- all(UInt8(ascii: "A"))
    let lower = characters &- all(UInt8(ascii: "a"))
    let digit = characters &- all(UInt8(ascii: "0"))
    let isUpper = chosen(upper .< all(26))
    let isLower = chosen(lower .< all(26))
    let isDigit = chosen(digit .< all(10))
    let isPlus = chosen(characters .== all(UInt8(ascii: "+")))
    let isSlash = chosen(characters .== all(UInt8(ascii: "/")))
    let letters = (upper & isUpper) | ((lower &+ all(26)) & isLower)
    values = letters | ((digit &+ all(52)) & isDigit) | (all(62) & isPlus) | (all(63) & isSlash)
    bad = ~(isUpper | isLower | isDigit | isPlus | isSlash)
  }

  /// The twelve bytes that the values stand for, as two big-endian words of 48 bits.
  @inline(__always)
  var packed: (UInt64, UInt64) {
    // Neighbours are joined twice: 6 + 6 bits, then 12 + 12. The first of each pair is the low half.
    let pairs = unsafe unsafeBitCast(values, to: SIMD8<UInt16>.self)
    let twelve =
      ((pairs & SIMD8(repeating: 0xff)) &<< SIMD8(repeating: 6)) | (pairs &>> SIMD8(repeating: 8))
    let quads = unsafe unsafeBitCast(twelve, to: SIMD4<UInt32>.self)
    let bits =
      ((quads & SIMD4(repeating: 0xffff)) &<< SIMD4(repeating: 12))
      | (quads &>> SIMD4(repeating: 16))
    return (UInt64(bits[0]) << 24 | UInt64(bits[1]), UInt64(bits[2]) << 24 | UInt64(bits[3]))
  }
}

extension MutableSpan where Element == UInt8 {
  /// Decodes the base64 in `range` where it lies, and returns the range of the bytes, which starts
  /// at the same byte and is shorter; nil if it is not base64. Then the range holds rubbish.
  public mutating func decodeBase64(_ range: Range<Int>) -> Range<Int>? {
    guard range.count % 4 == 0 else { return nil }
    guard !range.isEmpty else { return range }
    var at = range.lowerBound
    var free = at
    var bad = SIMD16<UInt8>(repeating: 0)
    // The last sixteen may contain padding, so they are left to the loop below.
    // In bounds: every store lies below the block that was just loaded.
    var bytes = unsafe mutableBytes
    while range.upperBound &- at > 16 {
      // `unsafe` only for reading bytes as another type; the bounds are checked by the span.
      let block = unsafe Base64Block(
        bytes.unsafeLoadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self))
      bad = bad | block.bad
      let (first, second) = block.packed
      // Eight bytes are written for six; the other two lie before `at + 16` and are written again.
      bytes.storeBytes(of: (first << 16).bigEndian, toByteOffset: free, as: UInt64.self)
      bytes.storeBytes(of: (second << 16).bigEndian, toByteOffset: free &+ 6, as: UInt64.self)
      at &+= 16
      free &+= 12
    }
    guard bad == SIMD16(repeating: 0) else { return nil }
    return decodeTail(at..<range.upperBound, to: free).map { range.lowerBound..<$0 }
  }

  /// Decodes groups of four, the last of which may end in one or two `=`; returns where the bytes end.
  private mutating func decodeTail(_ range: Range<Int>, to start: Int) -> Int? {
    var free = start
    for at in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
      var bits: UInt32 = 0
      var padding = 0
      for index in at..<(at &+ 4) {
        let byte = self[index]
        if byte == UInt8(ascii: "="), index &- at >= 2, at &+ 4 == range.upperBound {
          padding &+= 1
          bits <<= 6
        } else if padding == 0, let value = Base64.value(byte) {
          bits = bits << 6 | value
        } else {
          return nil
        }
      }
      let count = 3 &- padding
      for place in 0..<count {
        self[free &+ place] = UInt8(truncatingIfNeeded: bits >> (16 &- 8 &* UInt32(place)))
      }
      free &+= count
    }
    return free
  }
}

extension Base64 {
  /// The 6 bits of a character, or nil outside the alphabet.
  fileprivate static func value(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character &- UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character &- UInt8(ascii: "a") &+ 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character &- UInt8(ascii: "0") &+ 52)
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
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
