// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import TestSupport
import Testing

@Suite struct JSONStringTests {
  /// Scans a string literal and decodes it both ways.
  private func decode(_ literal: String) throws -> String {
    var bytes = Array(literal.utf8)
    var scanner = JSONScanner()
    let string = try #require(try scanner.value(in: bytes.span).string)
    try scanner.finish(in: bytes.span)
    let text = string.string(in: bytes.span)
    var span = bytes.mutableSpan
    let inPlace = span.unescape(string)
    #expect(bytes.span.string(inPlace) == text)
    return text
  }

  @Test(arguments: [
    (#""""#, ""), (#""plain""#, "plain"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
    (#""\u0041\u00e9\u65e5""#, "Aé日"), (#""\ud83d\ude00!""#, "😀!"), (#""\uD83D\uDE00""#, "😀"),
    (#""\ud83d""#, "\u{fffd}"), (#""\ude00x""#, "\u{fffd}x"), (#""\ud83d\u0041""#, "\u{fffd}A"),
    (#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"), (#""\ud83d\n""#, "\u{fffd}\n"),
    (#""\u0000""#, "\u{0}"), (#""1234567\n1234567812345678\u0026""#, "1234567\n1234567812345678&"),
  ])
  func `an escaped string becomes its text`(_ literal: String, _ text: String) throws {
    #expect(try decode(literal) == text)
  }

  @Test func `Foundation reads the same text from random escapes`() throws {
    var random = SeededRandom(2)
    let pieces = [
      "a", "0123456789", "é", "日", "😀", #"\n"#, #"\""#, #"\\"#, #"\/"#, #"\u0026"#, #"\u00e9"#,
      #"\ud83d\ude00"#, #"\u2028"#,
    ]
    for _ in 0..<2000 {
      let literal =
        "\"" + String(decoding: random.bytes(upTo: 12, of: pieces), as: UTF8.self) + "\""
      let theirs = try JSONSerialization.jsonObject(
        with: Data(literal.utf8), options: .fragmentsAllowed)
      #expect(try decode(literal) == theirs as? String)
    }
  }

  @Test(arguments: [
    ("", #""""#), ("plain é 日 😀", #""plain é 日 😀""#), ("\"\\/", #""\"\\/""#),
    ("\u{8}\t\n\u{c}\r", #""\b\t\n\f\r""#), ("\u{0}\u{1f}\u{7f}", #""\u0000\u001f\u007f""#),
    ("a\u{2028}b\u{2029}c\u{2027}\u{202a}", "\"a\\u2028b\\u2029c\u{2027}\u{202a}\""),
  ])
  func `text becomes a JSON string on one line`(_ text: String, _ literal: String) {
    var writer = ByteWriter()
    writer.append(json: text)
    #expect(writer.bytes.span.string == literal)
  }

  @Test func `whatever bytes are written, Foundation reads their repaired text back`() throws {
    var random = SeededRandom(3)
    for round in 0..<3000 {
      let count = Int.random(in: 0...40, using: &random)
      let bytes = (0..<count).map { _ in
        // Half of the rounds mostly ASCII, so that runs of all lengths occur.
        round % 2 == 0
          ? UInt8.random(in: 0...255, using: &random)
          : [0x61, 0x62, 0x22, 0x5c, 0x0a, 0xc3, 0xa9, 0xe6].randomElement(using: &random) ?? 0x61
      }
      var writer = ByteWriter()
      writer.append(json: bytes.span)
      let theirs = try JSONSerialization.jsonObject(
        with: Data(writer.bytes), options: .fragmentsAllowed)
      #expect(theirs as? String == String(decoding: bytes, as: UTF8.self), "\(bytes)")
      #expect(JSONScannerTests.error(writer.bytes) == nil)
    }
  }
}
