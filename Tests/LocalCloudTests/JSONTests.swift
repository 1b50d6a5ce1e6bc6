// SPDX-License-Identifier: MIT
import Foundation
import TestSupport
import Testing

@testable import LocalCloud

@Suite struct JSONTests {
  @Test(arguments: [
    #"{"a":[1,2.50,-3e+7,true,false,null,"x"],"b":{}}"#, #""é😀\"\\\n\u0001""#, "[]", "0",
    #"{"b":1,"a":2}"#,
  ])
  func `what was parsed is written as it came`(_ text: String) throws {
    #expect(try JSON.parse(text.utf8).text == text)
  }

  @Test(arguments: [
    (#""\u00e9\ud83d\ude00""#, "é😀"), (#""\ud83d""#, "\u{FFFD}"), (#""\udc00x""#, "\u{FFFD}x"),
    (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\/\b\f\t""#, "/\u{8}\u{c}\t"),
  ])
  func `escapes become what they stand for`(_ text: String, _ meaning: String) throws {
    #expect(try JSON.parse(text.utf8) == .string(meaning))
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":}", "{a:1}", "01", "1.", "-", "+1", "nul", "\"\u{1}\"", "\"\\x\"",
    "[1] 2",
    "'a'", "\"\\u12g4\"", "{\"a\" 1}", "[1 2]", "1e", "\"open",
  ])
  func `a text that is not JSON is refused`(_ text: String) {
    #expect(throws: JSON.Malformed.self) { try JSON.parse(text.utf8) }
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    #expect(throws: JSON.Malformed.self) { try JSON.parse([0x22, 0xC3, 0x28, 0x22]) }
    #expect(throws: JSON.Malformed.self) { try JSON.parse([0x22, 0xED, 0xA0, 0x80, 0x22]) }
  }

  @Test func `nesting a hundred thousand deep is refused and does not end the process`() {
    let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
    #expect(throws: JSON.Malformed.self) { try JSON.parse(deep) }
  }

  @Test(Cases.present("jsontestsuite.jsonl"))
  func `the public suite of parser cases gives its verdicts`() throws {
    var judged = 0
    for entry in try Cases.lines(of: "jsontestsuite.jsonl") {
      guard let expect = entry["expect"] as? String, expect != "either",
        let data = (entry["json_base64"] as? String).flatMap({ Data(base64Encoded: $0) })
      else { continue }
      let accepted = (try? JSON.parse(data)) != nil
      #expect(accepted == (expect == "accept"), "\(entry["name"] ?? "")")
      judged += 1
    }
    #expect(judged > 50)
  }
}
