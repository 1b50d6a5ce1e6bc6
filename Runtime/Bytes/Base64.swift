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
  /// All bits set for the characters inside the alphabet.
  var good: SIMD16<UInt8>

  @inline(__always)
  init(_ characters: SIMD16<UInt8>) {
    // Whole vectors on both sides: operators that mix in a scalar fall back to one lane at a time.
    func all(_ value: Int8) -> SIMD16<UInt8> { SIMD16(repeating: UInt8(bitPattern: value)) }
    func chosen(_ mask: SIMDMask<SIMD16<Int8>>) -> SIMD16<UInt8> {
      unsafe unsafeBitCast(mask, to: SIMD16<UInt8>.self)
    }
    // The alphabet in the order of its bytes: + / 0–9 A–Z a–z. What is added to a byte changes at each
    // of these borders, and a comparison of signed bytes is one instruction.
    let text = characters.signed
    let isPlus = chosen(characters .== all(0x2b))
    let belowDigits = chosen(text .< SIMD16(repeating: 0x30))
    let aboveDigits = chosen(text .> SIMD16(repeating: 0x39))
    let aboveUpper = chosen(text .> SIMD16(repeating: 0x5a))
    values =
      characters &+ all(4) &+ (belowDigits & all(12)) &+ (isPlus & all(3))
      &+ (aboveDigits & all(-69)) &+ (aboveUpper & all(-6))
    let letter = (characters | all(0x20)) &- all(0x61)
    let slashOrDigit = characters &- all(0x2f)
    good = chosen(letter .< all(26)) | chosen(slashOrDigit .< all(11)) | isPlus
  }

  /// The twelve bytes that the values stand for, as two words with six of them in the upper bytes.
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
    let words = unsafe unsafeBitCast(bits, to: SIMD2<UInt64>.self)
    return (Self.joined(words[0]), Self.joined(words[1]))
  }

  /// 24 bits from each half, the low half first.
  @inline(__always)
  private static func joined(_ halves: UInt64) -> UInt64 {
    halves &<< 40 | (halves &>> 32) &<< 16
  }
}

extension MutableSpan where Element == UInt8 {
  /// Decodes the base64 in `range` where it lies, and returns the range of the bytes, which starts
  /// at the same byte and is shorter; nil if it is not base64. Then the range holds rubbish.
  public mutating func decodeBase64(_ range: Range<Int>) -> Range<Int>? {
    guard range.count % 4 == 0 else { return nil }
    guard !range.isEmpty else { return range }
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    var at = range.lowerBound
    var free = at
    var good = SIMD16<UInt8>(repeating: 0xff)
    // Without bounds checks in the loop, which would be a sixth of it. In bounds: the range is, as
    // checked above; more than sixteen of its bytes lie from `at` on, and `free` is never beyond `at`.
    unsafe withUnsafeMutableBytes { bytes in
      // The last sixteen may contain padding, so they are left to the loop below.
      while range.upperBound &- at > 16 {
        let block = unsafe Base64Block(
          bytes.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self))
        good = good & block.good
        let (first, second) = block.packed
        // Eight bytes are written for six; the other two lie before `at + 16` and are written again.
        unsafe bytes.storeBytes(of: first.bigEndian, toByteOffset: free, as: UInt64.self)
        unsafe bytes.storeBytes(of: second.bigEndian, toByteOffset: free &+ 6, as: UInt64.self)
        at &+= 16
        free &+= 12
      }
    }
    guard good == SIMD16(repeating: 0xff) else { return nil }
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
