// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import Testing

@testable import BQLoader

@Suite struct TemplateSuffixTests {
  static func suffix(_ pattern: String, _ row: String) throws -> String {
    let suffix = try TemplateSuffix(pattern: pattern)
    let bytes = Array(row.utf8)
    let facts = try RowFacts(of: bytes.span, columns: suffix.columns)
    return suffix.text(for: facts, in: bytes.span)
  }

  /// The suffix of a row whose columns are these strings, on 2 January 2026.
  static func suffix(_ pattern: String, columns: [String: String]) throws -> String {
    var row: [String: Any] = columns
    row["event_time"] = "2026-01-02T23:59:59.999999Z"
    let data = try JSONSerialization.data(withJSONObject: row)
    return try suffix(pattern, String(decoding: data, as: UTF8.self))
  }

  @Test(arguments: [
    ("u1002", "_u1002_20260102"),
    ("U-1 2", "_UZ2D1Z202_20260102"),
    ("", "__20260102"),
    ("..", "_Z2EZ2E_20260102"),
    ("a/b", "_aZ2Fb_20260102"),
    ("$20260101", "_Z2420260101_20260102"),
    ("*", "_Z2A_20260102"),
    ("`", "_Z60_20260102"),
    ("\u{0}", "_Z00_20260102"),
    ("_", "_Z5F_20260102"),
    ("Zn", "_Z5An_20260102"),
    ("Zo", "_Z5Ao_20260102"),
    ("Ａ", "_ZEFZBCZA1_20260102"),
    ("\u{e9}", "_ZC3ZA9_20260102"),
    ("e\u{301}", "_eZCCZ81_20260102"),
    ("\u{202e}x", "_ZE2Z80ZAEx_20260102"),
  ])
  func `a value becomes its own part of a table name`(_ value: String, _ expected: String) throws {
    #expect(try Self.suffix("_{user_id}_{date}", columns: ["user_id": value]) == expected)
  }

  @Test(arguments: [
    (#"{"event_time":"2026-01-02T00:00:00Z"}"#, "_Zn_20260102"),
    (#"{"user_id":null,"event_time":"2026-01-02T00:00:00Z"}"#, "_Zn_20260102"),
    (#"{"user_id":42,"event_time":"2026-01-02T00:00:00Z"}"#, "_42_20260102"),
    (#"{"user_id":-1.5,"event_time":"2026-01-02T00:00:00Z"}"#, "_Z2D1Z2E5_20260102"),
    (#"{"user_id":"\u00e9","event_time":"2026-01-02T00:00:00Z"}"#, "_ZC3ZA9_20260102"),
    (#"{"user\u005fid":"a","event_time":"2026-01-02T00:00:00Z"}"#, "_a_20260102"),
    (#"{"user_id":"a","user_id":"b","event_time":"2026-01-02T00:00:00Z"}"#, "_a_20260102"),
    (#"{"user_id":"a"}"#, "_a_Zn"),
    (#"{"user_id":"a","event_time":"yesterday"}"#, "_a_Zn"),
  ])
  func `a row without a value, or with another kind of value, has a suffix too`(
    _ row: String, _ expected: String
  ) throws {
    #expect(try Self.suffix("_{user_id}_{date}", row) == expected)
  }

  @Test func `a long value becomes its hash`() throws {
    let kept = try Self.suffix(
      "_{user_id}", columns: ["user_id": String(repeating: "9", count: 128)])
    #expect(kept == "_" + String(repeating: "9", count: 128))
    let long = try Self.suffix(
      "_{user_id}", columns: ["user_id": String(repeating: "9", count: 129)])
    #expect(long.hasPrefix("_Zh") && long.utf8.count == 3 + 64)
    let huge = try Self.suffix(
      "_{user_id}", columns: ["user_id": String(repeating: "/", count: 10_000)])
    #expect(huge.hasPrefix("_Zh") && huge != long)
  }

  @Test(arguments: [
    ("", ""), ("_{date}", "_20260102"), ("_{month}", "_202601"), ("_{hour}", "_2026010223"),
    ("_all", "_all"), ("_{user_id}_x_{order_id}", "_u_x_o"), ("{user_id}", "u"),
    ("{nothing}", "Zn"),
    ("{empty}", "Ze"), ("{date}{user_id}", "20260102u"),
  ])
  func `a pattern says what the suffix is made of`(_ pattern: String, _ expected: String) throws {
    let columns = ["user_id": "u", "order_id": "o", "empty": ""]
    #expect(try Self.suffix(pattern, columns: columns) == expected)
  }

  @Test func `a bucket is the same for equal values and spreads different ones`() throws {
    func bucket(_ user: String) throws -> String {
      try Self.suffix("_{bucket:user_id:16}_{date}", columns: ["user_id": user])
    }
    let names = Set(try (0..<400).map { try bucket("user-\($0)") })
    #expect(names.count == 16)
    #expect(names.allSatisfy { $0.utf8.count == "_00_20260102".utf8.count })
    #expect(try bucket("user-1") == bucket("user-1"))
    #expect(try Self.suffix("_{bucket:user_id:16}", columns: [:]) == "_Zn")
  }

  @Test(arguments: [
    "{", "_{user_id", "_{}", "_{user-id}", "_{1st}", "-{date}", "_ {date}", "_{user_id}{order_id}",
    "_{user_id}x{order_id}", "_{user_id}{date}{order_id}", "_{bucket:user_id:1}",
    "_{bucket:user_id:x}", "_{bucket:user_id}", "}", "_{a}_{b}_{c}_{d}_{e}", "_$20260101", "_é",
    "_Zo_{date}",
    String(repeating: "x", count: 257),
  ])
  func `a pattern that can't keep tables apart is refused`(_ pattern: String) {
    #expect(throws: TemplateSuffixError.self) { try TemplateSuffix(pattern: pattern) }
  }

  @Test func `different values never give one table name`() throws {
    let pattern = "_{user_id}_{order_id}_{date}"
    var generator = SystemRandomNumberGenerator()
    let alphabet = [
      "a", "Z", "z", "_", "n", "h", "5", "F", "é", "/", "", "Zn", "Z5", "_Zn_", "e\u{301}",
    ]
    func text() -> String {
      (0..<Int.random(in: 0...4, using: &generator)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
      }.joined()
    }
    var names: [String: [[UInt8]]] = [:]
    for _ in 0..<20_000 {
      let user = text()
      let order = text()
      let name = try Self.suffix(pattern, columns: ["user_id": user, "order_id": order])
      #expect(name.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F })
      let values = [Array(user.utf8), Array(order.utf8)]
      if let before = names.updateValue(values, forKey: name) { #expect(before == values) }
    }
  }

  @Test(arguments: ["", "[]", "1", #""a""#, "{", #"{"a":}"#, #"{"a":1}x"#, "\u{feff}{}"])
  func `what is not one JSON object has no facts`(_ row: String) {
    let bytes = Array(row.utf8)
    #expect(throws: JSONError.self) { try RowFacts(of: bytes.span, columns: []) }
  }
}
