// SPDX-License-Identifier: MIT
import Foundation
import LogParse
import Testing

/// RECORD columns, filled by parameters that name a field inside.
@Suite struct RecordTests {
  /// What stands behind `"v":` in the row, to its end.
  private func encode(_ column: String, _ query: String) throws -> String? {
    var parser = try EventParser.with(column)
    let text = try parser.parse(query: query).text
    return text.range(of: "\"v\":").map { String(text[$0.upperBound...].dropLast()) }
  }

  private static let item = "v RECORD NULLABLE {id STRING, price NUMERIC, tags STRING REPEATED}"
  private static let items = "v RECORD REPEATED {sku STRING, n INTEGER, tags STRING REPEATED}"

  @Test(
    arguments: [
      ("v.id=a", #"{"id":"a"}"#), ("v[id]=a", #"{"id":"a"}"#), ("v%5Bid%5D=a", #"{"id":"a"}"#),
      ("v%2Eid=a", #"{"id":"a"}"#), ("v.price=1.5&v.id=a", #"{"id":"a","price":"1.5"}"#),
      ("v.tags=a;b&v[tags]=c", #"{"tags":["a","b","c"]}"#), ("v.tags=a%3Bb", #"{"tags":["a;b"]}"#),
      ("v.id=", #"{"id":""}"#), ("v.price=", nil), ("v.price=x", nil), ("v.tags=;", nil),
      ("v.id=first&v[id]=second", #"{"id":"first"}"#),
      // No such field, or no such name.
      ("v=a", nil), ("v.=a", nil), ("v.x=a", nil), (".id=a", nil), ("v..id=a", nil),
      ("v[id=a", nil), ("v[]=a", nil), ("v[id]]=a", nil), ("v[id].=a", nil), ("v[0].id=a", nil),
      ("v.ID=a", nil), ("V.id=a", nil), ("v.id.x=a", nil), ("v.id[0]=a", nil), ("v]id=a", nil),
      ("v.[id]=a", nil), ("v[id]x=a", nil),
    ] as [(String, String?)])
  func `a RECORD takes dotted and bracketed names`(_ query: String, _ json: String?) throws {
    #expect(try encode(Self.item, query) == json)
  }

  @Test(
    arguments: [
      ("v[0].sku=a", #"[{"sku":"a"}]"#), ("v[0][sku]=a", #"[{"sku":"a"}]"#),
      ("v[1].sku=b&v[0].n=1&v[0].sku=a", #"[{"sku":"a","n":"1"},{"sku":"b"}]"#),
      // The order of the indices counts, their gaps do not.
      ("v[99].sku=z&v[7].sku=b&v[10].sku=c", #"[{"sku":"b"},{"sku":"c"},{"sku":"z"}]"#),
      ("v[0].tags=a;b&v[1].tags=c&v[0].tags=d", #"[{"tags":["a","b","d"]},{"tags":["c"]}]"#),
      ("v[0].n=x&v[1].n=2", #"[{"n":"2"}]"#), ("v[0].n=x", nil), ("v[00].sku=a", #"[{"sku":"a"}]"#),
      ("v[0].sku=a&v[00].sku=b", #"[{"sku":"a"}]"#),
      ("v[100].sku=a", nil), ("v[99999999999999999999999].sku=a", nil), ("v[-1].sku=a", nil),
      ("v.sku=a", nil), ("v[].sku=a", nil), ("v[0]=a", nil), ("v[0]sku=a", nil),
      ("v[0][1].sku=a", nil), ("v.0.sku=a", nil), ("v[0x1].sku=a", nil), ("v[ 0].sku=a", nil),
    ] as [(String, String?)])
  func `a REPEATED RECORD takes names with an index`(_ query: String, _ json: String?) throws {
    #expect(try encode(Self.items, query) == json)
  }

  @Test func `records lie in records, and lists in lists`() throws {
    let column = "v RECORD REPEATED {a RECORD REPEATED {x INTEGER}, b RECORD {c RECORD {d DATE}}}"
    #expect(
      try encode(
        column,
        "v[1].b.c.d=2026-01-02&v[0].a[3].x=4&v[0][a][2][x]=3&v[1].a[0].x=1&v[0].b[c][d]=2026-01-03")
        == #"[{"a":[{"x":"3"},{"x":"4"}],"b":{"c":{"d":"2026-01-03"}}},{"a":[{"x":"1"}],"b":{"c":{"d":"2026-01-02"}}}]"#
    )
  }

  @Test(arguments: ["NULLABLE", "REPEATED"])
  func `fifteen levels are filled, as many as BigQuery has`(_ mode: String) throws {
    let index = mode == "REPEATED" ? "[7]" : ""
    let records = (1...14).map { "r\($0)" }
    let column =
      records.map { "\($0) RECORD \(mode) {" }.joined() + "leaf INTEGER"
      + String(repeating: "}", count: records.count)
    var parser = try EventParser.with(column)
    let name = records.map { $0 + index }.joined(separator: ".") + ".leaf"
    let parsed = try parser.parse(query: "\(name)=5")
    var value: Any? = parsed.row
    for record in records {
      value = (value as? [String: Any])?[record]
      if mode == "REPEATED" { value = (value as? [Any])?.first }
    }
    #expect((value as? [String: Any])?["leaf"] as? String == "5")
    #expect(parser.omitted == OmittedParameters())
    _ = try parser.parse(query: "\(name).x=5&" + String(repeating: "r1.", count: 40) + "x=1")
    #expect(parser.omitted.unknown == 2)
  }

  @Test func `several RECORDs and plain columns stand in the contract's order`() throws {
    var parser = try EventParser.with(
      "b RECORD {x STRING}", "n INTEGER", "a RECORD REPEATED {x STRING}", "s STRING")
    let parsed = try parser.parse(query: "a[0].x=1&s=2&b.x=3&n=4")
    #expect(parsed.text.hasSuffix(#","b":{"x":"3"},"n":"4","a":[{"x":"1"}],"s":"2"}"#))
    #expect(try parser.parse(query: "s=1&a[0].x=2").text.hasSuffix(#","a":[{"x":"2"}],"s":"1"}"#))
  }

  @Test func `a REQUIRED field is required where its record is there`() throws {
    var parser = try EventParser.with("v RECORD REPEATED {sku STRING REQUIRED, n INTEGER}")
    #expect(try parser.parse(query: "").isEvent)
    #expect(try parser.parse(query: "v[0].sku=a&v[0].n=1").isEvent)
    let missing = try parser.parse(query: "v[0].sku=a&v[1].n=1")
    #expect(missing.reason == .missingRequired)
    #expect(missing.detail == "REQUIRED column v.sku (STRING) has no value.")
    // Without any value there is no record that could lack one.
    #expect(try parser.parse(query: "v[0].n=x").isEvent)

    var typed = try EventParser.with("v RECORD {n INTEGER REQUIRED, s STRING}")
    let invalid = try typed.parse(query: "v.n=secret")
    #expect(invalid.reason == .invalidValue)
    #expect(invalid.detail == "The value of REQUIRED column v.n does not fit its type INTEGER.")
    #expect(try typed.parse(query: "v.s=x&v.n=").reason == .missingRequired)
  }

  @Test func `a REQUIRED RECORD needs a value inside`() throws {
    var parser = try EventParser.with("v RECORD REQUIRED {a RECORD REQUIRED {n INTEGER}}")
    #expect(try parser.parse(query: "v.a.n=1").isEvent)
    for query in ["", "v.a.n=", "v.a.n=x"] {
      let parsed = try parser.parse(query: query)
      #expect(parsed.reason == .missingRequired, "\(query)")
      #expect(parsed.detail == "REQUIRED column v (RECORD) has no value.")
    }
  }

  @Test func `what does not fit is kept in _unparsed under its whole name`() throws {
    var parser = try EventParser.with(
      "item RECORD {n INTEGER}", "items RECORD REPEATED {d DATE, l FLOAT REPEATED}",
      "s STRING(2)", "_unparsed JSON")
    let parsed = try parser.parse(
      query: "item[n]=%22&items[10][d]=soon&items[2].l=1;x;2;y&s=abc&items[3].d=2026-01-02")
    #expect(
      parsed["_unparsed"]
        == #"{"item.n":"\"","items[2].l":"x","items[2].l":"y","items[10].d":"soon","s":"abc"}"#)
    #expect(parsed.text.contains(#""items":[{"l":[1,2]},{"d":"2026-01-02"}]"#))
    #expect(parser.omitted.misfit == 5)
  }

  @Test func `values for fields count among the 256`() throws {
    var parser = try EventParser.with("v RECORD REPEATED {l STRING REPEATED}", "w STRING REPEATED")
    let values = (0..<200).map { "v[\($0 % 100)].l=\($0)&w=\($0)" }.joined(separator: "&")
    let parsed = try parser.parse(query: values)
    let lists = (parsed.row["v"] as? [[String: [String]]])?.flatMap { $0["l"] ?? [] }
    #expect(lists?.count == 128)
    #expect((parsed.row["w"] as? [String])?.count == 128)
    #expect(parser.omitted.overLimit == 144)
  }

  @Test func `names are remembered for nobody: each entry begins anew`() throws {
    var used = try EventParser.with(Self.items, "item RECORD {n INTEGER}")
    for query in ["v[3].sku=x&item.n=1", "v[0].n=y", "v[1].tags=1;2&v[0].sku=a"] {
      _ = try used.parse(query: query)
    }
    var fresh = try EventParser.with(Self.items, "item RECORD {n INTEGER}")
    #expect(try used.parse(query: "v[1].n=2").text == fresh.parse(query: "v[1].n=2").text)
  }
}
