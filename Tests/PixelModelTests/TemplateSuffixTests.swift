// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import TestSupport
import Testing
import TimeZones

@testable import PixelModel

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

  /// Texts that look like each other, and like what the encoding writes.
  static let pieces = [
    "a", "A", "Z", "z", "_", "n", "h", "o", "e", "5", "F", "0", "-", ".", "/", "é", "e\u{301}", "Ａ",
    "\u{0}", "\u{202e}", "Zn", "Zh", "Zo", "Ze", "Z5F", "_Zn_", "__", "$20260101", "*", "`", " ",
  ]

  /// A tuple's name by the pattern `_{a}_{b}_{date}`; nil stands for a missing value.
  static func name(_ values: [[UInt8]?], _ suffix: TemplateSuffix) throws -> String {
    var row = ByteWriter(capacity: 256)
    row.append("{\"event_time\":\"2026-01-02T03:04:05Z\"")
    for (column, value) in zip(["a", "b"], values) {
      guard let value else { continue }
      row.append(",\"\(column)\":")
      row.append(json: value.span)
    }
    row.append("}")
    let facts = try RowFacts(of: row.bytes.span, columns: suffix.columns)
    return suffix.text(for: facts, in: row.bytes.span)
  }

  /// A million pairs with `--all`; a value of up to 60 pieces is now and then long enough for its hash.
  @Test func `different values never give one table name, and each is a name`() throws {
    let isWhole = ProcessInfo.processInfo.environment["PIXEL_TEST_ALL"] != nil
    let suffix = try TemplateSuffix(pattern: "_{a}_{b}_{date}")
    var random = SeededRandom(UInt64.random(in: 1...UInt64.max))
    let seed = random
    func value() -> [UInt8]? {
      if Int.random(in: 0..<20, using: &random) == 0 { return nil }
      let isLong = Int.random(in: 0..<50, using: &random) == 0
      return random.bytes(upTo: isLong ? 60 : 4, of: Self.pieces)
    }
    var names: [String: [[UInt8]?]] = [:]
    func check(_ values: [[UInt8]?]) throws {
      let name = try Self.name(values, suffix)
      let isName =
        (1...1024).contains(name.utf8.count)
        && name.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F }
      if !isName { Issue.record("\(name) is no name, from \(seed)") }
      if let other = names.updateValue(values, forKey: name), other != values {
        Issue.record("\(values) and \(other) are both \(name), from \(seed)")
      }
    }
    for _ in 0..<(isWhole ? 1_000_000 : 20_000) {
      let first = [value(), value()]
      // The other of the pair mostly differs in one place: swapped, moved over the border, or new.
      let second =
        switch Int.random(in: 0..<3, using: &random) {
        case 0: [first[1], first[0]]
        case 1: [(first[0] ?? []) + Array("_".utf8), first[1]]
        default: [first[0], value()]
        }
      try check(first)
      try check(second)
      if names.count > 200_000 { names.removeAll(keepingCapacity: true) }
    }
  }

  @Test(arguments: [
    ("_{user_id}_{date}", "_Zo_20260102"), ("_{user_id}", "_Zo"),
    ("_{user_id}_{month}", "_Zo_202601"),
    ("{hour}_{user_id}", "_Zo_2026010223"), ("_{bucket:user_id:16}_{date}", "_Zo_20260102"),
  ])
  func `what may not have a table of its own goes where no value can reach`(
    _ pattern: String, _ expected: String
  ) throws {
    let suffix = try TemplateSuffix(pattern: pattern)
    let row = Array(#"{"event_time":"2026-01-02T23:59:59Z","user_id":"o"}"#.utf8)
    let facts = try RowFacts(of: row.span, columns: suffix.columns)
    #expect(suffix.overflow(for: facts) == expected)
    for user in ["", "o", "Zo", "_Zo", "Zo_20260102", "_"] {
      #expect(try Self.suffix(pattern, columns: ["user_id": user]) != expected)
    }
  }

  @Test func `no suffix is longer than the pattern says`() throws {
    let long = String(repeating: "9", count: 128)
    for pattern in ["_{a}_{b}_{date}x{hour}", "{bucket:a:1000}_{month}", "_x", "", "_{a}"] {
      let suffix = try TemplateSuffix(pattern: pattern)
      for value in [long, "", "é", String(repeating: "/", count: 500)] {
        let name = try Self.suffix(pattern, columns: ["a": value, "b": value])
        #expect(name.utf8.count <= max(2, suffix.maxLength), "\(pattern) \(name)")
      }
    }
  }

  @Test func `an event belongs to the day of its place`() throws {
    let zone = try #require(ZoneOffsets(setting: "CET-1CEST,M3.5.0,M10.5.0/3"))
    let suffix = try TemplateSuffix(pattern: "_{date}_{hour}", zone: zone)
    for (time, expected) in [
      ("2026-01-01T22:59:59Z", "_20260101_2026010123"),
      ("2026-01-01T23:00:00Z", "_20260102_2026010200"),
      ("2026-06-30T22:00:00Z", "_20260701_2026070100"),
      ("9999-12-31T23:59:59Z", "_99991231_9999123123"),
    ] {
      let row = Array(#"{"event_time":"\#(time)"}"#.utf8)
      let facts = try RowFacts(of: row.span, columns: suffix.columns)
      #expect(suffix.text(for: facts, in: row.span) == expected)
    }
  }

  @Test(arguments: ["", "[]", "1", #""a""#, "{", #"{"a":}"#, #"{"a":1}x"#, "\u{feff}{}"])
  func `what is not one JSON object has no facts`(_ row: String) {
    let bytes = Array(row.utf8)
    #expect(throws: JSONError.self) { try RowFacts(of: bytes.span, columns: []) }
  }
}
