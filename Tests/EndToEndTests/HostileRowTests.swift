// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// Rows that nobody should publish: each ends as a row in a table of its own or as a kept rejection, and
/// the good ones beside it land.
@Suite(.serialized) struct HostileRowTests {
  static let start =
    #""event_time":"2026-01-02T03:04:05Z","received_time":"2026-01-02T03:04:06Z","type":"t""#

  static func row(_ id: String, _ more: String) -> String {
    #"{"event_id":"\#(id)",\#(start),"user_id":"bad",\#(more)}"#
  }

  static let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)

  /// A row, and the reason it is kept for.
  static let rejected: [(id: String, row: String, reason: String)] = [
    ("nan", row("nan", #""value":NaN"#), "row_not_json"),
    ("deep", row("deep", #""items":\#(deep)"#), "row_not_json"),
    ("cut", #"{"event_id":"cut""#, "row_not_json"),
    ("array", #"["event_id"]"#, "row_not_json"),
    ("id", "{\(start)}", "event_id_missing"),
    ("long", row(String(repeating: "x", count: 129), #""page_title":"x""#), "event_id_missing"),
    ("2^63", row("2^63", #""status":9223372036854775808"#), "row_invalid"),
    ("null", row("null", #""tags":["a",null]"#), "row_invalid"),
    ("text", row("text", #""status":"many""#), "row_invalid"),
    ("object", row("object", #""page_title":{"a":1}"#), "row_invalid"),
    ("unknown", row("unknown", #""no_such_column":1"#), "row_invalid"),
  ]

  @Test(.timeLimit(.minutes(10)))
  func `each hostile row is kept with its reason, and stops no other`() throws {
    let pipeline = try LoaderPipeline(["SCHEMA_GRACE": "0s"])
    defer { pipeline.stop() }
    var rows: [String] = []
    for (index, hostile) in Self.rejected.enumerated() {
      rows += [LoaderPipeline.row("good-\(index)", user: "bad"), hostile.row]
    }
    pipeline.publish(rows)
    try pipeline.waitUntilSettled()
    let counts = try pipeline.eventCounts()
    for index in Self.rejected.indices { #expect(counts["good-\(index)"] == 1) }
    #expect(counts.count == Self.rejected.count)
    let kept = pipeline.rejections().compactMap { $0["reason"] as? String }
    #expect(kept.sorted() == Self.rejected.map(\.reason).sorted())
    #expect(pipeline.loader.stop() == 0)
  }

  /// Values that look like paths, decorators, wildcards, marks of the encoding, or each other.
  static let users = [
    "", "..", "a/b", "$20260101", "*", "`", "\u{0}", String(repeating: "x", count: 10_000),
    "\u{202e}abc", "Ａ", "A", "\u{e9}", "e\u{301}", "Zn", "Zo", "Zo_20260102", "_", "Zh", "-", " ",
    "DROP TABLE", "u1_20260102",
  ]

  @Test(.timeLimit(.minutes(10)))
  func `each hostile user has a table of its own`() throws {
    let pipeline = try LoaderPipeline()
    defer { pipeline.stop() }
    for (index, user) in Self.users.enumerated() {
      let text = String(decoding: try JSONEncoder().encode(user), as: UTF8.self)
      pipeline.publish([
        #"{"event_id":"h\#(index)",\#(Self.start),"user_id":\#(text)}"#,
        #"{"event_id":"h\#(index)-again",\#(Self.start),"user_id":\#(text)}"#,
      ])
      // Ten new tables a second have one each.
      if index % 5 == 4 { Thread.sleep(forTimeInterval: 1) }
    }
    try pipeline.waitUntilSettled()
    let tables = try pipeline.tables()
    #expect(tables.count == Self.users.count)
    for (name, rows) in tables {
      #expect(name.wholeMatch(of: /pixel_[A-Za-z0-9]*_20260102/) != nil, "\(name)")
      #expect(rows.count == 2 && Set(rows.map { $0["user_id"] as? String }).count == 1, "\(name)")
    }
    #expect(tables["pixel_Zo_20260102"] == nil)
  }
}
