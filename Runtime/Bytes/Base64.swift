// SPDX-License-Identifier: MIT
import CBytes

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
}

/// Sixteen characters at once, which makes base64 cheap enough not to be noticed: every push is mostly
/// base64.
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
    // The alphabet in the order of its bytes: + / 0–9 A–Z a–z. The number that is added to a byte changes at
    // each of these borders, and a comparison of signed bytes is one instruction.
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
    var isGood = true
    let taken = unsafe withUnsafeMutableBufferPointer { bytes in
      // In bounds: the range is, as checked above, and not empty.
      let text = unsafe bytes.baseAddress.unsafelyUnwrapped + range.lowerBound
      return unsafe bytes_decode_base64(text, range.count, &isGood)
    }
    guard isGood else { return nil }
    at &+= taken
    free &+= taken / 4 &* 3
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
    bytes.append(addingCapacity: Base64.encodedCount(source.count)) { text in
      var at = text.append(base64Blocks: source)
      // Twelve bytes become sixteen characters; each half is read as a word of eight, six of which count.
      while at &+ 14 <= source.count {
        text.append(base64Of: source.word(at: at), source.word(at: at &+ 6))
        at &+= 12
      }
      while at < source.count {
        let end = min(at &+ 3, source.count)
        text.append(base64OfLast: source.extracting(at..<end))
        at &+= 3
      }
    }
  }
}

extension OutputSpan<UInt8> {
  /// Appends the characters of as many bytes as `CBytes` takes, and returns their number.
  fileprivate mutating func append(base64Blocks source: Span<UInt8>) -> Int {
    precondition(freeCapacity >= Base64.encodedCount(source.count))
    return unsafe withUnsafeMutableBufferPointer { room, used in
      unsafe source.withUnsafeBufferPointer { source in
        guard let to = room.baseAddress, let from = source.baseAddress else { return 0 }
        // In bounds: there is room for all of the characters, as checked above.
        let taken = unsafe bytes_encode_base64(from, source.count, to + used)
        used &+= taken / 3 &* 4
        return taken
      }
    }
  }

  /// Appends the sixteen characters of the first six bytes of each word.
  @inline(__always)
  fileprivate mutating func append(base64Of first: UInt64, _ second: UInt64) {
    let words = SIMD2<UInt64>(Self.spread(first), Self.spread(second))
    let values = unsafe unsafeBitCast(words, to: SIMD16<UInt8>.self)
    let characters = Self.characters(values)
    let text = unsafe unsafeBitCast(characters, to: SIMD2<UInt64>.self)
    append(word: text[0])
    append(word: text[1])
  }

  /// Appends the four characters of one to three bytes, with padding.
  fileprivate mutating func append(base64OfLast source: Span<UInt8>) {
    let a: UInt8 = source[0]
    let b: UInt8 = source.count > 1 ? source[1] : 0
    let c: UInt8 = source.count > 2 ? source[2] : 0
    var values = SIMD16<UInt8>(repeating: 0)
    values[0] = a >> 2
    values[1] = (a << 4 | b >> 4) & 63
    values[2] = (b << 2 | c >> 6) & 63
    values[3] = c & 63
    let characters = Self.characters(values)
    append(characters[0])
    append(characters[1])
    append(source.count > 1 ? characters[2] : UInt8(ascii: "="))
    append(source.count > 2 ? characters[3] : UInt8(ascii: "="))
  }

  /// Eight groups of six bits, one in each byte: the lowest byte has those that come first.
  @inline(__always)
  private static func spread(_ word: UInt64) -> UInt64 {
    let bits: UInt64 = word.bigEndian >> 16
    let halves = Self.parted(bits, 0xffff_ff00_0000, 8, 0xff_ffff)
    let quarters = Self.parted(halves, 0x00ff_f000_00ff_f000, 4, 0x0000_0fff_0000_0fff)
    let groups = Self.parted(quarters, 0x0fc0_0fc0_0fc0_0fc0, 2, 0x003f_003f_003f_003f)
    return groups.byteSwapped
  }

  /// The upper bits moved up, the lower ones left.
  @inline(__always)
  private static func parted(
    _ bits: UInt64, _ upper: UInt64, _ shift: UInt64, _ lower: UInt64
  ) -> UInt64 {
    (bits & upper) &<< shift | bits & lower
  }

  /// The characters of 6-bit values. The number that is added changes at the borders of A–Z a–z 0–9 + /.
  @inline(__always)
  private static func characters(_ values: SIMD16<UInt8>) -> SIMD16<UInt8> {
    func all(_ value: Int8) -> SIMD16<UInt8> { SIMD16(repeating: UInt8(bitPattern: value)) }
    func above(_ value: Int8) -> SIMD16<UInt8> {
      let border = SIMD16<Int8>(repeating: value)
      return unsafe unsafeBitCast(values.signed .> border, to: SIMD16<UInt8>.self)
    }
    // In steps, which the compiler can check in reasonable time.
    var sum = values &+ all(65)
    sum = sum &+ (above(25) & all(6))
    sum = sum &+ (above(51) & all(-75))
    sum = sum &+ (above(61) & all(-15))
    return sum &+ (above(62) & all(3))
  }
}
