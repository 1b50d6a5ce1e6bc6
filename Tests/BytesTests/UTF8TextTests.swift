// SPDX-License-Identifier: MIT
import Bytes
import TestSupport
import Testing

@Suite struct UTF8TextTests {
  private func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(repairing: bytes.span, 0..<bytes.count)
    return writer.bytes
  }

  @Test(Cases.present("utf8.jsonl"))
  func `every UTF-8 test gets its verdict and its repair`() throws {
    let tests = try Cases.lines(of: "utf8.jsonl")
    for test in tests {
      let name = test["name"] as? String ?? "?"
      let bytes = try bytes(hex: #require(test["hex"] as? String))
      let valid = try #require(test["valid"] as? Bool)
      #expect(UTF8Text.isValid(bytes.span, 0..<bytes.count) == valid, "\(name)")
      let expected = try (test["replaced_hex"] as? String).map(bytes(hex:)) ?? bytes
      #expect(repaired(bytes) == expected, "\(name)")
      // Behind a run that is read eight bytes at a time.
      let prefix = Array("0123456789".utf8)
      #expect(repaired(prefix + bytes) == prefix + expected, "\(name)")
    }
    #expect(tests.count > 100)
  }

  private func bytes(hex: String) throws -> [UInt8] {
    let digits = Array(hex.utf8)
    return try stride(from: 0, to: digits.count - 1, by: 2).map { at in
      try #require(digits[at].hexDigit) << 4 | #require(digits[at + 1].hexDigit)
    }
  }

  @Test func `the standard library agrees on random bytes`() {
    var random = SeededRandom(4)
    let pool: [UInt8] = [
      0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xff,
    ]
    for _ in 0..<5000 {
      let bytes = (0..<12).map { _ in pool.randomElement(using: &random) ?? 0 }
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(repaired(bytes) == Array(text.utf8), "\(bytes)")
      #expect(
        UTF8Text.isValid(bytes.span, 0..<12) == (String(validating: bytes, as: UTF8.self) != nil))
    }
  }

  @Test(arguments: [
    ("abc", 5, 3), ("abc", 3, 3), ("abc", 2, 2), ("é", 1, 0), ("aé", 2, 1), ("a日", 3, 1),
    ("a日", 4, 4), ("😀", 3, 0), ("x😀y", 4, 1), ("x😀y", 5, 5), ("abc", 0, 0),
  ])
  func `a cut never parts a character`(_ text: String, _ limit: Int, _ kept: Int) {
    let bytes = Array(text.utf8)
    #expect(UTF8Text.cut(bytes.span, to: limit) == kept)
  }
}
