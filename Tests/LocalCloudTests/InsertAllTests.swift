// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import LocalCloud

/// A store with one template table, and `insertAll` as a client sees it.
private struct Fixture {
  let scratch = Scratch()
  let store: BigQueryStore
  var moment = Moment(uptime: .seconds(100), unix: 1_767_323_045_000_000)

  init(columns: [Column]? = nil) throws {
    store = try BigQueryStore(folder: scratch.path, project: "local")
    try store.createDataset("pixel")
    try store.createTable(
      "pixel", "pixel", columns: columns ?? Self.columns, resource: [:], at: moment)
  }

  static let columns = [
    Column("type", .string, .required), Column("user_id", .string), Column("quantity", .integer),
    Column("tags", .string, .repeated),
    Column("items", .record, .repeated, fields: [Column("sku", .string, .required)]),
  ]

  func post(_ body: String, table: String = "pixel") throws -> JSON {
    try JSON.parse(answer(Array(body.utf8), table: table).body)
  }

  func answer(_ body: [UInt8], table: String = "pixel") -> APIResponse {
    BigQueryAPI(store: store).answer(
      APIRequest(
        "POST", "/bigquery/v2/projects/local/datasets/pixel/tables/\(table)/insertAll", body: body),
      at: moment)
  }

  func rows(_ table: String = "pixel") throws -> [String] {
    let table = try store.table("pixel", table)
    return try table.rows.lines(0..<table.rows.count).map { String(decoding: $0, as: UTF8.self) }
  }
}

@Suite struct InsertAllTests {
  @Test func `valid rows are in the table and the answer has no errors`() throws {
    let cloud = try Fixture()
    let answer = try cloud.post(
      #"""
      {"rows":[{"insertId":"1","json":{"TYPE":"buy","quantity":"2","tags":["a","b"]}},
               {"json":{"type":"view","user_id":null,"items":[{"sku":"x"}]}}]}
      """#)
    #expect(answer.text == #"{"kind":"bigquery#tableDataInsertAllResponse"}"#)
    #expect(
      try cloud.rows() == [
        #"{"type":"buy","quantity":"2","tags":["a","b"]}"#,
        #"{"type":"view","items":[{"sku":"x"}]}"#,
      ])
  }

  @Test(arguments: [
    (#"{"type":"t","colour":"red"}"#, "colour", "no such field: colour."),
    (#"{"user_id":"u"}"#, "type", "Missing required field: type."),
    (#"{"type":null}"#, "type", "Missing required field: type."),
    (
      #"{"type":"t","quantity":"abc"}"#, "quantity",
      "Cannot convert value to integer (bad value): abc"
    ),
    (
      #"{"type":"t","user_id":["u"]}"#, "user_id",
      "Array specified for non-repeated field: user_id."
    ),
    (#"{"type":"t","tags":"a"}"#, "tags", "Repeated field must be imported as a JSON array."),
    (
      #"{"type":"t","tags":["a",null]}"#, "tags[1]",
      "Only optional fields can be set to NULL. Field: tags."
    ),
    (
      #"{"type":"t","items":[{"sku":"a"},{}]}"#, "items[1].sku",
      "Missing required field: items[1].sku."
    ),
    (#"{"type":"t","items":["a"]}"#, "items[0]", "This field: items is a record."),
  ])
  func `an invalid row says what and where, and stops all others`(
    _ row: String, _ location: String, _ message: String
  ) throws {
    let cloud = try Fixture()
    let answer = try cloud.post(#"{"rows":[{"json":{"type":"good"}},{"json":\#(row)}]}"#)
    let errors = try #require(answer["insertErrors"]?.array)
    #expect(
      errors.map(\.text) == [
        JSON.object([
          "index": 1, "errors": [RowError.invalid(location, message).json],
        ]).text,
        #"{"index":0,"errors":[{"reason":"stopped","location":"","debugInfo":"","message":""}]}"#,
      ])
    #expect(try cloud.rows().isEmpty)
  }

  @Test func `a text may have as many characters as its column says`() throws {
    let columns = try Column.columns(from: [["name": "t", "type": "STRING", "maxLength": "3"]])
    for (text, fits) in [("ééé", true), ("abcd", false)] {
      var check = RowCheck()
      _ = check.row(["t": .string(text)], columns: columns)
      #expect(check.errors.isEmpty == fits)
    }
  }

  @Test(
    arguments: [
      (#""type":"BYTES","maxLength":"3""#, #""QUJD""#, #""QUJD""#),
      (#""type":"BYTES","maxLength":"3""#, #""QUJDRA==""#, nil),
      (#""type":"NUMERIC","precision":"10","scale":"2""#, #""12345678.555""#, #""12345678.56""#),
      (#""type":"NUMERIC","precision":"10","scale":"2""#, #""123456789.55""#, nil),
      (#""type":"NUMERIC","precision":"10","scale":"2""#, #""99999999.995""#, nil),
      (#""type":"NUMERIC","precision":"4","scale":"2""#, #""0.0949999999995""#, #""0.09""#),
      (#""type":"NUMERIC","precision":"5""#, #""99999.4""#, #""99999""#),
      (#""type":"BIGNUMERIC","precision":"20","scale":"4""#, #""99999999999999999999""#, nil),
      (
        #""type":"BIGNUMERIC""#, #""578960446186580977117854925043439539266.3""#,
        #""578960446186580977117854925043439539266.3""#
      ),
      (#""type":"BIGNUMERIC""#, #""578960446186580977117854925043439539267""#, nil),
      (
        #""type":"JSON""#, #""[1,18446744073709551615,0.1,1e3]""#,
        #""[1,18446744073709551615,0.1,1e3]""#
      ),
      (#""type":"JSON""#, #""[1e999]""#, nil),
      (#""type":"JSON""#, #""{\"a\":0.30000000000000001}""#, nil),
    ] as [(String, String, String?)])
  func `precision, scale, length and exact numbers are enforced`(
    _ members: String, _ given: String, _ kept: String?
  ) throws {
    let columns = try Column.columns(from: JSON.parse(Array(#"[{"name":"v",\#(members)}]"#.utf8)))
    var check = RowCheck()
    let row = check.row(
      try #require(try JSON.parse(Array(#"{"v":\#(given)}"#.utf8)).members), columns: columns)
    #expect(check.errors.isEmpty == (kept != nil))
    #expect(row["v"]?.text == kept)
  }

  @Test(
    arguments: [
      ("STRING", "'prod'", #""prod""#), ("STRING", "\"x\"", #""x""#), ("INTEGER", "5", #""5""#),
      ("BOOLEAN", "TRUE", "true"), ("STRING", "ANY_FUNCTION()", nil),
    ] as [(String, String, String?)])
  func `a column that a row leaves out gets its default`(
    _ type: String, _ expression: String, _ kept: String?
  ) throws {
    let columns = try Column.columns(from: [
      ["name": "v", "type": .string(type), "defaultValueExpression": .string(expression)]
    ])
    var check = RowCheck()
    #expect(check.row(JSON.Members(), columns: columns)["v"]?.text == kept)
    #expect(check.row(JSON.Members([("v", .null)]), columns: columns)["v"] == nil)
    #expect(check.errors.isEmpty)
  }

  @Test func `a REQUIRED column with a default may be left out, but not null`() throws {
    let columns = try Column.columns(from: [
      ["name": "v", "type": "STRING", "mode": "REQUIRED", "defaultValueExpression": "'prod'"]
    ])
    var check = RowCheck()
    #expect(check.row(JSON.Members(), columns: columns)["v"] == "prod")
    #expect(check.errors.isEmpty)
    _ = check.row(JSON.Members([("v", .null)]), columns: columns)
    #expect(check.errors.count == 1)
  }

  @Test func `with skipInvalidRows the good rows go in and only the bad ones are listed`() throws {
    let cloud = try Fixture()
    let answer = try cloud.post(
      #"{"skipInvalidRows":true,"rows":[{"json":{"type":"good"}},{"json":{}}]}"#)
    #expect(answer["insertErrors"]?.array?.compactMap { $0["index"]?.integer } == [1])
    #expect(try cloud.rows() == [#"{"type":"good"}"#])
  }

  @Test func `with ignoreUnknownValues unknown columns are dropped`() throws {
    let cloud = try Fixture()
    let answer = try cloud.post(
      #"{"ignoreUnknownValues":true,"rows":[{"json":{"type":"t","colour":"red"}}]}"#)
    #expect(answer["insertErrors"] == nil)
    #expect(try cloud.rows() == [#"{"type":"t"}"#])
  }

  @Test func `a suffix makes a table with the template's columns on first insert`() throws {
    let cloud = try Fixture()
    for _ in 0..<2 {
      let answer = try cloud.post(
        #"{"templateSuffix":"_u1_20260102","rows":[{"json":{"type":"t"}}]}"#)
      #expect(answer["insertErrors"] == nil)
    }
    #expect(try cloud.rows("pixel_u1_20260102").count == 2)
    #expect(try cloud.rows().isEmpty)
    #expect(try cloud.store.table("pixel", "pixel_u1_20260102").columns == Fixture.columns)
  }

  @Test func `an invalid row makes no table`() throws {
    let cloud = try Fixture()
    _ = try cloud.post(#"{"templateSuffix":"_u1","rows":[{"json":{}}]}"#)
    #expect(cloud.store.tables.map(\.name) == ["pixel"])
  }

  @Test(arguments: ["_a-b", "_a.b", "_ü", "_a b", "$20260102", "_a/../b"])
  func `a suffix with any other character is refused`(_ suffix: String) throws {
    let cloud = try Fixture()
    let answer = cloud.answer(
      JSON.object(["templateSuffix": .string(suffix), "rows": [["json": ["type": "t"]]]]).bytes)
    #expect(answer.status == 400)
    #expect(cloud.store.tables.map(\.name) == ["pixel"])
  }

  @Test func `an insertId counts once a minute, for each destination by the name it was given`()
    throws
  {
    var cloud = try Fixture()
    let row = #"{"rows":[{"insertId":"a","json":{"type":"t"}}]}"#
    let suffixed = #"{"templateSuffix":"_x","rows":[{"insertId":"a","json":{"type":"t"}}]}"#
    _ = try cloud.post(row)
    _ = try cloud.post(row)
    _ = try cloud.post(suffixed)
    #expect(try cloud.rows().count == 1)
    #expect(try cloud.rows("pixel_x").count == 1)
    // The same table by its own name.
    _ = try cloud.post(row, table: "pixel_x")
    #expect(try cloud.rows("pixel_x").count == 2)
    cloud.moment = cloud.moment.after(.milliseconds(59_999))
    _ = try cloud.post(row)
    #expect(try cloud.rows().count == 1)
    cloud.moment = cloud.moment.after(.milliseconds(1))
    _ = try cloud.post(row)
    #expect(try cloud.rows().count == 2)
  }

  @Test func `a stopped row's insertId is not used up`() throws {
    let cloud = try Fixture()
    _ = try cloud.post(#"{"rows":[{"insertId":"a","json":{"type":"t"}},{"json":{}}]}"#)
    _ = try cloud.post(#"{"rows":[{"insertId":"a","json":{"type":"t"}}]}"#)
    #expect(try cloud.rows().count == 1)
  }

  @Test(arguments: [("i", 128, 0), ("i", 129, 1), ("é", 64, 0), ("é", 65, 1)])
  func `an insertId may have 128 bytes`(_ letter: String, _ length: Int, _ errors: Int) throws {
    let cloud = try Fixture()
    do {
      let id = String(repeating: letter, count: length)
      let answer = try cloud.post(#"{"rows":[{"insertId":"\#(id)","json":{"type":"t"}}]}"#)
      #expect((answer["insertErrors"]?.array ?? []).count == errors)
    }
  }

  @Test(arguments: [
    ("pixel", "", 400, "invalid"), ("pixel", "{", 400, "badRequest"),
    ("pixel", "[]", 400, "badRequest"), ("pixel", #"{"rows":[]}"#, 400, "invalid"),
    ("pixel", #"{"rows":[{"json":{"type":"t"},"id":1}]}"#, 400, "badRequest"),
    ("pixel", #"{"rows":[{"json":{"type":"t"}}],"template_suffix":"_x"}"#, 400, "badRequest"),
    ("missing", #"{"rows":[{"json":{"type":"t"}}]}"#, 404, "notFound"),
    ("missing", #"{"templateSuffix":"_x","rows":[{"json":{"type":"t"}}]}"#, 404, "notFound"),
  ])
  func `a request that cannot be done inserts nothing and says why`(
    _ table: String, _ body: String, _ status: Int, _ reason: String
  ) throws {
    let cloud = try Fixture()
    let answer = cloud.answer(Array(body.utf8), table: table)
    let error = try JSON.parse(answer.body)["error"]
    #expect(answer.status == status)
    #expect(error?["code"]?.integer == status)
    #expect(error?["errors"]?.array?.first?["reason"]?.string == reason)
    #expect(try cloud.rows().isEmpty)
  }

  @Test func `a missing table is named as BigQuery names it`() throws {
    let answer = try Fixture().post(#"{"rows":[{"json":{}}]}"#, table: "gone")
    #expect(answer["error"]?["message"]?.string == "Not found: Table local:pixel.gone")
  }

  @Test func `a table without columns takes no rows`() throws {
    let cloud = try Fixture(columns: [])
    let answer = try cloud.post(#"{"rows":[{"json":{}}]}"#)
    #expect(answer["error"]?["message"]?.string == "The destination table has no schema.")
  }

  @Test func `fifty thousand rows are taken and one more is not`() throws {
    let cloud = try Fixture()
    let row = Array(#"{"json":{"type":"t"}},"#.utf8)
    for (count, status) in [(50_000, 200), (50_001, 400)] {
      let rows = [[UInt8]](repeating: row, count: count).joined().dropLast()
      let answer = cloud.answer(Array(#"{"rows":["#.utf8) + rows + Array("]}".utf8))
      #expect(answer.status == status)
    }
    #expect(try cloud.store.table("pixel", "pixel").rows.count == 50_000)
  }

  @Test(arguments: [
    (10_485_760, 200, "application/json"), (10_485_761, 400, "application/json"),
    (30_000_000, 413, "text/html"),
  ])
  func `a body over ten mebibytes is refused, and far over it not even in JSON`(
    _ size: Int, _ status: Int, _ type: String
  ) throws {
    let cloud = try Fixture()
    let body = Array(#"{"rows":[{"json":{"type":"t"}}]}"#.utf8)
    let answer = cloud.answer(body + [UInt8](repeating: 0x20, count: size - body.count))
    #expect(answer.status == status)
    #expect(answer.contentType.hasPrefix(type))
  }
}
