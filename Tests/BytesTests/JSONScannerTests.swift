// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import TestSupport
import Testing

@Suite struct JSONScannerTests {
  /// The error of scanning one whole document, or nil.
  static func error(_ text: [UInt8]) -> JSONError? {
    do throws(JSONError) {
      var scanner = JSONScanner()
      _ = try scanner.value(in: text.span)
      try scanner.finish(in: text.span)
      return nil
    } catch {
      return error
    }
  }

  static func error(_ text: String) -> JSONError? { error(Array(text.utf8)) }

  @Test(Cases.present("jsontestsuite.jsonl"))
  func `every document of JSONTestSuite gets its verdict`() throws {
    var judged = 0
    for test in try Cases.lines(of: "jsontestsuite.jsonl") {
      let name = test["name"] as? String ?? "?"
      let error = Self.error(try document(test))
      switch test["expect"] as? String {
      case "accept": #expect(error == nil, "\(name)")
      case "reject": #expect(error != nil, "\(name)")
      default: continue  // Either is right; it must not crash.
      }
      judged += 1
    }
    #expect(judged > 100)
  }

  private func document(_ test: [String: Any]) throws -> [UInt8] {
    if test["json_base64"] != nil { return try decode(test["json_base64"]) }
    let recipe = try #require(test["gen"] as? [String: Any])
    let unit = try decode(recipe["unit_base64"])
    let count = try #require(recipe["count"] as? Int)
    return try Array(repeatElement(unit, count: count).joined()) + decode(recipe["tail_base64"])
  }

  private func decode(_ base64: Any?) throws -> [UInt8] {
    let text = try #require(base64 as? String)
    return Array(try #require(Data(base64Encoded: text)))
  }

  @Test(arguments: [
    "{}", "[]", "0", "-0", "-0.5e+7", "1E9", "\"\"", "true", "false", "null", " [ 1 , { } ] \n\t\r",
    #"{"a":{"b":[null,"c\u00e9\/"]},"":1}"#, #""\ud800""#, "\"\u{7f}日本\"",
  ])
  func `a JSON text is accepted`(_ text: String) {
    #expect(Self.error(text) == nil)
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1", "[1,", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "\"", "\"abc",
    "\"\\", "\"\\u12", "tru", "-", "1.", "1e", "1e+",
  ])
  func `a text that stops early is truncated`(_ text: String) {
    #expect(Self.error(text) == .truncated)
  }

  @Test(
    arguments: [
      ("01", 1), ("+1", 0), (".5", 0), ("1.e5", 2), ("--1", 1), ("[1,]", 3), ("[,1]", 1),
      ("[1 2]", 3), ("{,}", 1), (#"{"a":1,}"#, 7), (#"{"a" 1}"#, 5), ("{1:2}", 1), ("[1}", 2),
      (#"{"a":1]"#, 6), ("tRue", 0), ("nul!", 0), ("\"a\nb\"", 2), (#""\x""#, 2), (#""\u00g0""#, 5),
      ("1 2", 2), ("[]]", 2), ("\u{feff}[]", 0), ("'a'", 0), ("[NaN]", 1), ("\u{a0}1", 0),
    ] as [(String, Int)])
  func `the first wrong byte is named`(_ text: String, _ offset: Int) {
    #expect(Self.error(text) == .unexpectedByte(at: offset))
  }

  @Test func `bytes that are not UTF-8 are refused, wherever they are in a string`() {
    for filling in 0..<20 {
      let text = Array("\"".utf8) + Array(repeating: 0x61, count: filling) + [0xff, 0x22]
      #expect(Self.error(text) == .notUTF8)
    }
  }

  @Test func `64 levels are read and 65 are not, and neither are 100,000`() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(Self.error(nested(64)) == nil)
    #expect(Self.error(nested(65)) == .tooDeep)
    #expect(Self.error(String(repeating: "{\"a\":[", count: 50_000)) == .tooDeep)
    #expect(Self.error(String(repeating: "[", count: 100_000)) == .tooDeep)
  }

  @Test func `the levels that a caller has entered count too`() throws {
    let text = Array(String(repeating: "[", count: 65).utf8)
    var scanner = JSONScanner()
    for _ in 0..<64 {
      try scanner.enterArray(in: text.span)
      #expect(try scanner.nextElement(in: text.span))
    }
    #expect(throws: JSONError.tooDeep) { try scanner.enterArray(in: text.span) }
  }

  @Test func `a caller takes what it wants and skips the rest`() throws {
    let text = Array(
      #" { "skip" : {"a":[1,{"b":null}]} , "n\u0061me" : "J\u00f6rg", "list":[1, "two" ,[]] , "z":{}}"#
        .utf8)
    let bytes = text.span
    var seen: [String] = []
    var scanner = JSONScanner()
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      if name.equals("name", in: bytes) {
        seen.append(try #require(try scanner.value(in: bytes).string).string(in: bytes))
      } else if name.equals("list", in: bytes) {
        try scanner.enterArray(in: bytes)
        while try scanner.nextElement(in: bytes) {
          seen.append(bytes.string(try scanner.value(in: bytes).range))
        }
      } else if name.equals("z", in: bytes) {
        try scanner.enterObject(in: bytes)
        #expect(try scanner.nextMember(in: bytes) == nil)
      } else {
        seen.append(bytes.string(try scanner.value(in: bytes).range))
      }
    }
    try scanner.finish(in: bytes)
    #expect(seen == [#"{"a":[1,{"b":null}]}"#, "Jörg", "1", "two", "[]"])
  }

  @Test func `names are compared by their text, however they are escaped`() throws {
    let text = Array(#"["name","n\u0061me","n\u0061mes","nam"]"#.utf8)
    var names: [JSONString] = []
    var scanner = JSONScanner()
    try scanner.enterArray(in: text.span)
    while try scanner.nextElement(in: text.span) {
      names.append(try #require(try scanner.value(in: text.span).string))
    }
    #expect(names.map { $0.equals("name", in: text.span) } == [true, true, false, false])
    #expect(names.map { names[1].equals($0, in: text.span) } == [true, true, false, false])
    #expect(names.map { names[3].equals($0, in: text.span) } == [false, false, false, true])
  }

  @Test func `Foundation and the scanner agree on what is JSON`() {
    var random = SeededRandom(1)
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\\n\"", "1", "-2.5e3", "true", "null", " ",
      "\"é\"", "0", "\\", "\"",
    ]
    // Valid documents are rare among random ones, so most are made by spoiling a valid one.
    let seeds = [#"{"a":[1,2,{"b":null}],"c":"d\u00e9"}"#, #"[[],{},"",0.5,-1e-7,true]"#]
    var accepted = 0
    for round in 0..<4000 {
      var text = Array(seeds[round % 2].utf8)
      if round % 3 == 0 {
        text = random.bytes(upTo: 6, of: pieces)
      } else {
        let at = Int.random(in: 0...text.count, using: &random)
        let end = min(text.count, at + Int.random(in: 0...2, using: &random))
        text.replaceSubrange(at..<end, with: random.bytes(upTo: 1, of: pieces))
      }
      let theirs =
        (try? JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)) != nil
      let shown = String(decoding: text, as: UTF8.self)
      // Foundation takes a comma before the end of an object; RFC 8259 does not.
      if shown.filter({ $0 != " " }).contains(",}") { continue }
      #expect((Self.error(text) == nil) == theirs, "\(shown)")
      accepted += theirs ? 1 : 0
    }
    #expect(accepted > 200)
  }
}
