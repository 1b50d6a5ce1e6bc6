// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import Acceptance

@Suite struct EntryFileTests {
  private func texts(_ text: String) throws -> [String] {
    try EntryFile.entries(in: Array(text.utf8), of: "f").map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    arguments: [
      ("{\"a\":1}\n{\"a\":2}\n", ["{\"a\":1}", "{\"a\":2}"]),
      ("\u{FEFF}{\"a\":1}\r\n\r\n{\"a\":2}", ["{\"a\":1}", "{\"a\":2}"]),
      ("[\n  {\"a\": 1},\n  {\"a\": [2, 3]}\n]\n", ["{\"a\":1}", "{\"a\":[2,3]}"]),
      ("\u{FEFF} [{\"a\":1e400}]", ["{\"a\":1e400}"]), ("[]", []), ("", []),
      ("[1]\n{\"a\":2}\n", ["[1]", "{\"a\":2}"]),
    ] as [(String, [String])])
  func `lines and an array give the same entries`(_ text: String, _ entries: [String]) throws {
    #expect(try texts(text) == entries)
  }

  @Test(arguments: [
    String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian,
  ])
  func `a file in UTF-16 is answered with one sentence`(_ encoding: String.Encoding) throws {
    let data = try #require("{\"insertId\":\"x\"}\n".data(using: encoding))
    #expect {
      try EntryFile.entries(in: Array(data), of: "log.json")
    } throws: { "\($0)".hasPrefix("log.json is UTF-16") && !"\($0)".contains("\n") }
  }

  @Test func `an array that breaks off is told with its line`() {
    #expect {
      try texts("[\n{\"a\":1},\n{\"a\":\n")
    } throws: {
      "\($0)".hasPrefix("f begins as a JSON array and is none: ") && "\($0)".contains("line")
    }
  }

  /// What LogParse takes as a time is taken here, so that ids cannot disagree.
  @Test(
    arguments: [
      ("2026-11-20T03:04:05.123456789Z", "20261120T030405.123456789Z"),
      ("2026-11-20 03:04:05.123456 UTC", "20261120T030405.123456000Z"),
      ("2026-11-20 03:04:05+00", "20261120T030405.000000000Z"), ("yesterday", nil),
    ] as [(String, String?)])
  func `times are read as LogParse reads them`(_ time: String, _ compact: String?) {
    let entry = "{\"insertId\":\"x\",\"timestamp\":\"\(time)\"}"
    #expect(EntryIdentity.time(of: Array(entry.utf8)) == compact)
  }
}
