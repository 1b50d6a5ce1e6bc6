// SPDX-License-Identifier: MIT
import Bytes
import Testing

@Suite struct SpanBytesTests {
  @Test(arguments: 0...20)
  func `bytes are equal if each of them is`(_ count: Int) {
    let bytes = (0..<count).map { UInt8(0x41 + $0) }
    func equal(_ all: [UInt8], _ range: Range<Int>) -> Bool {
      all.span.equals(bytes.span, at: range)
    }
    // Elsewhere in its span, and with more behind it.
    let longer = [0x40, 0x40, 0x40] + bytes + [0x40]
    let range = 3..<3 + count
    #expect(equal(longer, range))
    for place in range {
      var other = longer
      other[place] ^= 0x80
      #expect(!equal(other, range))
    }
    #expect(!equal(longer, 3..<4 + count))
    #expect(!equal(longer, 2..<2 + count) || count == 0)
  }
}
