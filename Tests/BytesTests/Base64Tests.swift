// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import TestSupport
import Testing

@Suite struct Base64Tests {
  private func decode(_ text: String) -> [UInt8]? {
    // Something on both sides, which has to stay as it is.
    var bytes = Array("<<".utf8) + Array(text.utf8) + Array(">>".utf8)
    let end = bytes.count - 2
    var span = bytes.mutableSpan
    let range = span.decodeBase64(2..<end)
    #expect(bytes.prefix(2) == Array("<<".utf8)[...] && bytes.suffix(2) == Array(">>".utf8)[...])
    return range.map { Array(bytes[$0]) }
  }

  @Test func `random bytes come back, and Foundation writes the same`() {
    var random = SeededRandom(5)
    for count in 0..<300 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      var writer = ByteWriter()
      writer.append(base64: bytes.span)
      #expect(writer.bytes.span.string == Data(bytes).base64EncodedString())
      #expect(writer.count == Base64.encodedCount(count))
      #expect(decode(writer.bytes.span.string) == bytes)
    }
  }

  @Test(arguments: [
    "A", "AA", "AAA", "AAAAA", "AAA=A", "A===", "====", "AA=A", "=AAA", "AA==AAAA", "AAAA====",
    "AA A", "AAA\n", "AA-_", "AAA\u{e9}", "AAAAAA*=", "AAAAAAA*", "AAA*AAAA", "A*==", "\u{0}AAA",
    "AAAAAAAAAAAAAAAAAAAAAAA*AAAAAAAA",
  ])
  func `what is not base64 is refused`(_ text: String) {
    #expect(decode(text) == nil)
  }

  @Test func `every byte outside the alphabet is refused, at every place of a group`() {
    for byte in UInt8.min...UInt8.max {
      let character = Character(Unicode.Scalar(byte))
      let isLetter = character.isASCII && (character.isLetter || character.isNumber)
      if isLetter || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/") { continue }
      // 40 characters: two blocks of sixteen and a tail. 136: two blocks of 32 before.
      for count in [40, 136] {
        for place in 0..<count where !(byte == UInt8(ascii: "=") && place == count - 1) {
          var bytes = [UInt8](repeating: UInt8(ascii: "A"), count: count)
          bytes[place] = byte
          var span = bytes.mutableSpan
          let decoded = span.decodeBase64(0..<count)
          if decoded != nil { Issue.record("\(byte) at \(place)") }
        }
      }
    }
  }
}
