// SPDX-License-Identifier: MIT
import CBytes
import PortableBytes
import TestSupport
import Testing

/// The blocks of `CBytes`, as this processor has them and as others do, beside a look at each byte.
@Suite struct ByteBlockTests {
  private func places(in block: ArraySlice<UInt8>, _ isPlace: (UInt8) -> Bool) -> UInt64 {
    block.enumerated().reduce(0) { isPlace($1.element) ? $0 | 1 << UInt64($1.offset) : $0 }
  }

  private func isSpecial(_ byte: UInt8, isASCII: Bool) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20
      || (isASCII && byte >= 0x80)
  }

  /// Every byte at every place, and much of what the blocks look for.
  private func blocks() -> [[UInt8]] {
    var random = SeededRandom(11)
    let wanted = Array("\"\\\u{0}\u{1f} !&=%+~\u{7f}az".utf8) + [0x80, 0xff]
    let each = UInt8.min...UInt8.max
    return each.map { byte in (0..<64).map { $0 == Int(byte) % 64 ? byte : 0x61 } }
      + (0..<64).map { place in each.map { $0 &+ UInt8(place) }.suffix(64) }
      + (0..<2000).map { _ in (0..<64).map { _ in wanted.randomElement(using: &random)! } }
  }

  @Test(arguments: [true, false])
  func `what is special in JSON is found in each block`(_ isASCII: Bool) {
    for block in blocks() {
      let expected = places(in: block[...]) { isSpecial($0, isASCII: isASCII) }
      #expect(bytes_json_special(block, isASCII) == expected)
      #expect(portable_json_special(block, isASCII) == expected)
    }
  }

  @Test func `the marks of a query are found in each block`() {
    for block in blocks() {
      let (marks, portable) = (bytes_query_marks(block), portable_query_marks(block))
      let ampersands = places(in: block[...]) { $0 == UInt8(ascii: "&") }
      let equals = places(in: block[...]) { $0 == UInt8(ascii: "=") }
      let encoded = places(in: block[...]) {
        $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") || $0 >= 0x80
      }
      #expect(marks.ampersands == ampersands && portable.ampersands == ampersands)
      #expect(marks.equals == equals && portable.equals == equals)
      #expect(marks.encoded == encoded && portable.encoded == encoded)
    }
  }

  @Test func `each byte is found in each block`() {
    for block in blocks() {
      for byte in Set(block) {
        #expect(bytes_equal(block, byte) == places(in: block[...]) { $0 == byte })
      }
    }
  }

  @Test(arguments: [true, false])
  func `plain blocks are skipped up to the first that is not, or is not whole`(_ isASCII: Bool) {
    for count in 0..<400 {
      for special in stride(from: 0, through: count, by: 7) {
        var bytes = [UInt8](repeating: 0x61, count: count)
        if special < count { bytes[special] = UInt8(ascii: "\"") }
        // The block of the special byte, unless that lies behind all whole ones.
        let whole = count / 64 * 64
        let expected = special < whole ? special / 64 * 64 : whole
        for skip in [bytes_skip_json_plain, portable_skip_json_plain] {
          var found: UInt64 = 0
          #expect(skip(bytes, 0, count, isASCII, &found) == expected)
          if special < whole { #expect(found == 1 << UInt64(special - expected)) }
        }
      }
    }
  }
}
