// SPDX-License-Identifier: MIT
import BQLoader
import Bytes
import Events
import TestSupport
import Testing

@Suite struct TemplateSuffixTests {
  private func suffix(_ pattern: String, _ row: String) throws -> String {
    let bytes = Array(row.utf8)
    return try TemplateSuffix(pattern: pattern).suffix(of: bytes.span)
  }

  private static let time = #""event_time":"2026-01-02T23:44:05.123456Z""#

  @Test(
    arguments: [
      ("_{user_id}_{date}", #"{"user_id":"u1",\#(time)}"#, "_u1_20260102"),
      ("_{date}", "{\(time)}", "_20260102"), ("_{month}", "{\(time)}", "_202601"),
      ("_{hour}", "{\(time)}", "_2026010223"), ("", "{\(time)}", ""), ("_all", "{}", "_all"),
      ("_{date}", "{}", "_Zn"), ("_{date}", #"{"event_time":"soon"}"#, "_Zn"),
      ("_{date}", #"{"event_time":1767325445}"#, "_20260102"),
      ("_{date}", #"{"event_time":"2026-01-02 03:44:05 UTC"}"#, "_20260102"),
      ("_{user_id}_{date}", "{}", "_Zn_Zn"), ("_{user_id}", #"{"user_id":null}"#, "_Zn"),
      ("_{user_id}", #"{"user_id":""}"#, "_"), ("_{user_id}", #"{"user_id":"Zn"}"#, "_Z5An"),
      ("_{user_id}", #"{"user_id":"a_b-c.d"}"#, "_aZ5FbZ2DcZ2Ed"),
      ("_{user_id}", #"{"user_id":"AYZaz09"}"#, "_AYZ5Aaz09"),
      ("_{user_id}", #"{"user_id":"é"}"#, "_ZC3ZA9"),
      ("_{user_id}", #"{"user_id":"\u00e9\n"}"#, "_ZC3ZA9Z0A"),
      ("_{user_id}", #"{"user_id":"\u0000"}"#, "_Z00"), ("_{n}", #"{"n":42}"#, "_42"),
      ("_{n}", #"{"n":-1.5e3}"#, "_Z2D1Z2E5e3"), ("_{b}", #"{"b":true}"#, "_true"),
      ("_{a}_{b}", #"{"b":"1","x":{"a":"no"},"a":"2"}"#, "_2_1"),
      ("_{a}_{a}", #"{"a":"x"}"#, "_x_x"),
      ("_v1_{a}x{date}", #"{"a":"y",\#(time)}"#, "_v1_yx20260102"),
      ("_{a}", #"{"\u0061":"x"}"#, "_x"), ("_{event_id}", #"{"event_id":"e"}"#, "_e"),
    ])
  func `a row gives its suffix`(_ pattern: String, _ row: String, _ expected: String) throws {
    #expect(try suffix(pattern, row) == expected)
  }

  @Test func `a long value becomes its hash from the 129th byte on`() throws {
    let fits = String(repeating: "a", count: 128)
    #expect(try suffix("_{v}", #"{"v":"\#(fits)"}"#) == "_" + fits)
    let long = fits + "a"
    #expect(
      try suffix("_{v}", #"{"v":"\#(long)"}"#) == "_Zh" + SHA256.hex(Array(long.utf8).span))
    // 43 bytes of three characters each.
    let dots = String(repeating: ".", count: 43)
    #expect(
      try suffix("_{v}", #"{"v":"\#(dots)"}"#) == "_Zh" + SHA256.hex(Array(dots.utf8).span))
    #expect(try suffix("_{v}", #"{"v":"\#(dots.dropLast())"}"#).utf8.count == 1 + 126)
  }

  @Test(arguments: ["", "[]", "{", #"{"a":1}{}"#, "{\"a\":\"\u{1}\"}"])
  func `what is not a row is an error`(_ row: String) {
    #expect(throws: JSONError.self) { try suffix("_{date}", row) }
  }

  @Test(arguments: [
    "user", "{user_id}", "_{user_id", "_user_id}", "_{}", "_{1a}", "_{a b}", "_{a}{b}", "_{a}x{b}",
    "_{a}{date}{b}", "_{a-b}", "_a-b", "_é", "_Zo_{date}", "_aZ", "_{a} ", "_{bucket}{x}",
    "_{bucket:a:16}", "_" + String(repeating: "{a}_", count: 10), " _{a}", "_{{a}}",
  ])
  func `a pattern that would not be safe is refused, with the pattern in the sentence`(
    _ pattern: String
  ) {
    #expect {
      try TemplateSuffix(pattern: pattern)
    } throws: { error in
      (error as? TemplateSuffixError)?.description.hasPrefix(
        "\"\(pattern)\" is no suffix pattern: ")
        ?? false
    }
  }

  /// Patterns with everything that makes neighbours: literals, dates, no literal beside a date.
  static let patterns = [
    "_{a}_{b}", "_{a}_{date}_{b}", "_{a}{date}_{b}", "_{date}{a}{hour}_x{b}y", "_1{a}1_1{b}1",
    "_n_{a}_n_{b}{month}",
  ]

  @Test(arguments: patterns)
  func `two rows share a suffix only if their values are the same`(_ pattern: String) throws {
    // Values that look like each other's encodings, like dates, like literals, and like nothing.
    let pieces = [
      "", "a", "Z", "n", "h", "_", "1", "n_", "Zn", "5", "F", "Z5F", "20260102", "é", "\\u0000",
      "x",
      "2D", "A", "o", "_n_", String(repeating: "7", count: 64),
    ]
    let times = [
      "", #","event_time":"2026-01-02T03:44:05Z""#, #","event_time":"2026-01-02T04:44:05Z""#,
      #","event_time":"2025-12-31T23:59:59Z""#,
    ]
    let template = try TemplateSuffix(pattern: pattern)
    var random = SeededRandom(11)
    var seen: [String: String] = [:]
    for _ in 0..<4000 {
      func value() -> String? {
        Int.random(in: 0..<8, using: &random) == 0
          ? nil : String(decoding: random.bytes(upTo: 3, of: pieces), as: UTF8.self)
      }
      let (a, b) = (value(), value())
      let time = times.randomElement(using: &random) ?? ""
      let row = Array(
        #"{"x":1\#(a.map { #","a":"\#($0)""# } ?? "")\#(b.map { #","b":"\#($0)""# } ?? "")\#(time)}"#
          .utf8)
      let suffix = try template.suffix(of: row.span)
      // Only what the pattern reads of the time counts.
      let date = try TemplateSuffix(pattern: "_" + timeParts(pattern)).suffix(of: row.span)
      let identity = "\(a ?? "nil-\(0)")|\(a == nil)|\(b ?? "")|\(b == nil)|\(date)"
      if let other = seen[suffix] { #expect(other == identity, "\(suffix)") }
      seen[suffix] = identity
      #expect(suffix.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isAlphanumeric($0) })
      #expect(!suffix.hasPrefix("_Zo"))
      #expect(suffix.utf8.count < 900)
    }
    #expect(seen.count > 1000)
  }

  private func timeParts(_ pattern: String) -> String {
    ["{date}", "{hour}", "{month}"].filter(pattern.contains).joined()
  }

  private func isAlphanumeric(_ byte: UInt8) -> Bool {
    let character = Character(Unicode.Scalar(byte))
    return character.isASCII && (character.isLetter || character.isNumber)
  }
}

@Suite struct RowFactsTests {
  @Test func `id, time and the wanted values are found in one pass, and forgotten by the next`()
    throws
  {
    var facts = RowFacts(columns: ["user_id", "n", "absent"])
    let first = Array(
      #"{"event_id":"e1","user_id":"u","n":5,"event_time":"2026-01-02T03:44:05Z","x":[{}]}"#.utf8)
    try facts.read(first.span)
    #expect(facts.eventID?.string(in: first.span) == "e1")
    #expect(facts.eventTime?.seconds == 1_767_325_445)
    #expect(facts.values.map { $0.map { first.span.string($0.range) } } == ["u", "5", nil])
    let second = Array(#"{"event_id":"","user_id":null}"#.utf8)
    try facts.read(second.span)
    #expect(facts.eventID == nil && facts.eventTime == nil)
    #expect(facts.values == [nil, nil, nil])
  }
}
