// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import PixelModel
import Testing

@Suite struct ContractTests {
  private static let base =
    #"{"name":"event_id","type":"STRING"},{"name":"event_time","type":"TIMESTAMP"}"#

  private func contract(_ columns: String) throws(ContractError) -> Contract {
    try Contract(json: Array("[\(Self.base),\(columns)]".utf8), name: "pixel")
  }

  /// The contract that ships, which every other part uses as its example.
  private func shipped() throws -> Contract {
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = package.appendingPathComponent("infra/contracts/pixel.json")
    return try Contract(json: Array(Data(contentsOf: file)), name: "pixel")
  }

  @Test func `the contract that ships is valid, and every column is described`() throws {
    let contract = try shipped()
    #expect(contract.columns.prefix(3).map(\.name) == ["event_id", "event_time", "type"])
    #expect(contract.columns.prefix(3).allSatisfy { $0.mode == .required })
    #expect(contract.columns.dropFirst(3).allSatisfy { $0.mode != .required })
    for column in contract.columns {
      #expect((column.description ?? "").count > 10, "\(column.name)")
    }
    #expect(contract.version.count == 12)
    for (index, column) in contract.columns.enumerated() {
      let name = Array(column.name.utf8)
      #expect(contract.column(named: name.span) == index)
    }
  }

  @Test func `the version is the beginning of the file's hash`() throws {
    let json = Array("[\(Self.base)]".utf8)
    let contract = try Contract(json: json, name: "pixel")
    #expect(contract.version == SHA256.hex(json.span).prefix(12))
    #expect(contract.name == "pixel")
  }

  @Test func `types, their other names, and modes are read in any letter case`() throws {
    let contract = try contract(
      #"""
      {"name":"a","type":"int64"},{"name":"b","type":"FLOAT64","mode":"repeated"},
      {"name":"c","type":"Bool","mode":"REQUIRED"},{"name":"d","type":"STRUCT","fields":[
      {"name":"a","type":"JSON","description":"inner"}]},{"name":"e","type":"BIGDECIMAL","maxLength":"5"},
      {"name":"f","type":"DECIMAL","policyTags":{"names":["x"]}}
      """#)
    let columns = Array(contract.columns.dropFirst(2))
    #expect(
      columns.map(\.type) == [.integer, .float, .boolean, .record, .bigNumeric, .numeric])
    #expect(columns[1].mode == .repeated && columns[2].mode == .required)
    #expect(columns[3].fields == [Column(name: "a", type: .json, description: "inner")])
  }

  @Test(arguments: [(#""maxLength":"64""#, 64), (#""maxLength":64"#, 64), (#""x":1"#, nil)])
  func `a string's longest length is read as Google writes it and as people do`(
    _ member: String, _ length: Int?
  ) throws {
    let contract = try contract(#"{"name":"a","type":"STRING",\#(member)}"#)
    #expect(contract.columns[2].maxLength == length)
  }

  @Test(
    arguments: [
      (#""type":"NUMERIC""#, DecimalLimits(wholeDigits: 29, scale: 9)),
      (#""type":"NUMERIC","precision":"10","scale":"2""#, DecimalLimits(wholeDigits: 8, scale: 2)),
      (#""type":"DECIMAL","precision":10"#, DecimalLimits(wholeDigits: 10, scale: 0)),
      (
        #""type":"NUMERIC","precision":null,"scale":null"#, DecimalLimits(wholeDigits: 29, scale: 9)
      ),
      (
        #""type":"BIGNUMERIC","precision":"38","scale":"38","roundingMode":"ROUND_HALF_EVEN""#,
        DecimalLimits(wholeDigits: 0, scale: 38, roundsHalfToEven: true)
      ),
      (
        #""type":"BIGNUMERIC""#, DecimalLimits(wholeDigits: 38, scale: 38, hasPartialDigit: true)
      ),
      (#""type":"STRING""#, nil),
    ] as [(String, DecimalLimits?)])
  func `precision and scale are read`(_ members: String, _ limits: DecimalLimits?) throws {
    let contract = try contract(#"{"name":"a",\#(members)}"#)
    #expect(contract.columns[2].decimal == limits)
  }

  @Test func `the length of BYTES and a default are read`() throws {
    let contract = try contract(
      #"""
      {"name":"a","type":"BYTES","maxLength":"16","mode":"REQUIRED","defaultValueExpression":"b'x'"},
      {"name":"b","type":"RECORD","fields":[{"name":"c","type":"STRING","defaultValueExpression":"'y'"}]}
      """#)
    #expect(contract.columns[2].maxLength == 16 && contract.columns[2].hasDefault)
    // BigQuery has none inside a RECORD.
    #expect(!contract.columns[3].hasDefault && !contract.columns[3].fields[0].hasDefault)
  }

  @Test func `a column is found by its exact name only`() throws {
    let names = (0..<500).map { "column_\($0)" }
    let contract = try contract(
      names.map { #"{"name":"\#($0)","type":"STRING"}"# }.joined(separator: ","))
    for (index, name) in names.enumerated() {
      let bytes = Array(name.utf8)
      #expect(contract.column(named: bytes.span) == index + 2)
    }
    for name in ["", "column_", "column_500", "Column_1", "column_1 ", "event_i"] {
      let bytes = Array(name.utf8)
      #expect(contract.column(named: bytes.span) == nil, "\(name)")
    }
  }

  @Test(
    arguments: [
      (#"{"type":"STRING"}"#, "column 3 has no name."),
      (#"{"name":"","type":"STRING"}"#, "column : the name is empty."),
      (#"{"name":"a"}"#, "column a has no type."),
      (
        #"{"name":"a","type":"STRING","maxLength":"long"}"#,
        "column a has the maxLength long, which is no length."
      ),
      (
        #"{"name":"a","type":"STRING","maxLength":0}"#,
        "column a has the maxLength 0, which is no length."
      ),
      (
        #"{"name":"a","type":"NUMERIC","precision":"40","scale":"2"}"#,
        "column a has the precision 40: with a scale of 2 allowed are 2 to 31."
      ),
      (
        #"{"name":"a","type":"NUMERIC","precision":"x"}"#,
        "column a has the precision x: with a scale of 0 allowed are 1 to 29."
      ),
      (
        #"{"name":"a","type":"NUMERIC","precision":"5","scale":"10"}"#,
        "column a has the scale 10: allowed are 0 to 9."
      ),
      (#"{"name":"a","type":"NUMERIC","scale":"2"}"#, "column a has a scale without a precision."),
      (
        #"{"name":"a","type":"STRING","precision":"5"}"#,
        "column a has a precision or scale, which only NUMERIC and BIGNUMERIC can have."
      ),
      (#"{"name":"a","type":"TEXT"}"#, "column a has the type TEXT, which BigQuery does not know."),
      (
        #"{"name":"a","type":"STRING","mode":"MUST"}"#,
        "column a has the mode MUST; it can be NULLABLE, REQUIRED or REPEATED."
      ),
      (
        #"{"name":"1a","type":"STRING"}"#,
        "column 1a: a name has letters, digits and underscores only, and no digit first."
      ),
      (
        #"{"name":"a-b","type":"STRING"}"#,
        "column a-b: a name has letters, digits and underscores only, and no digit first."
      ),
      (
        #"{"name":"é","type":"STRING"}"#,
        "column é: a name has letters, digits and underscores only, and no digit first."
      ),
      (
        #"{"name":"_table_x","type":"STRING"}"#,
        "column _table_x: names that begin with _TABLE_ belong to BigQuery."
      ),
      (
        #"{"name":"_PARTITIONTIME","type":"STRING"}"#,
        "column _PARTITIONTIME: names that begin with _PARTITION belong to BigQuery."
      ),
      (
        #"{"name":"a","type":"STRING"},{"name":"A","type":"STRING"}"#,
        "column A is there twice (letter case does not count)."
      ),
      (#"{"name":"a","type":"RECORD"}"#, "record a has no fields."),
      (
        #"{"name":"a","type":"RECORD","fields":[{"name":"b","type":"X"}]}"#,
        "column a.b has the type X, which BigQuery does not know."
      ),
      (
        #"{"name":"a","type":"STRING","fields":[{"name":"b","type":"STRING"}]}"#,
        "column a has fields but is STRING, not RECORD."
      ),
      (
        #"{"name":"status","type":"FLOAT"}"#,
        "column status is filled by the pipeline and has to be INTEGER or STRING, not FLOAT."
      ),
      (
        #"{"name":"host","type":"STRING","mode":"REPEATED"}"#,
        "column host is filled by the pipeline and cannot be REPEATED."
      ),
    ] as [(String, String)])
  func `a wrong column is named in one sentence`(_ columns: String, _ sentence: String) {
    #expect {
      try contract("\n\n" + columns)
    } throws: { error in
      (error as? ContractError)?.description == "Contract pixel, line 3: " + sentence
    }
  }

  @Test(
    arguments: [
      ("", ", line 1: the file is not a schema: it ends in the middle of a value."),
      ("[", ", line 1: the file is not a schema: it ends in the middle of a value."),
      ("{}", ": the file is not a JSON array of columns, as bq mk --schema takes."),
      ("[]", ", line 1: the file has no columns."),
      ("[1]", ", line 1: the file is not a schema: there is no object where one has to be."),
      ("[\(base)] x", ", line 1: the file is not a schema: unexpected byte at offset 79."),
      (
        #"[{"name":"a","type":"STRING"}]"#,
        ": there is no column event_id; add one of type STRING."
      ),
      (
        #"[{"name":"event_id","type":"STRING"}]"#,
        ": there is no column event_time; add one of type TIMESTAMP."
      ),
    ] as [(String, String)])
  func `a wrong file is explained in one sentence`(_ json: String, _ sentence: String) {
    #expect {
      try Contract(json: Array(json.utf8), name: "pixel")
    } throws: { error in
      (error as? ContractError)?.description == "Contract pixel" + sentence
    }
  }

  @Test(arguments: [
    (
      "[\n\(base),\n{\"name\":\"a\",\n \"type\":\"RECORD\",\n \"fields\":[\n{\"name\":\"b\"}\n]}\n]",
      ", line 6: column a.b has no type."
    ),
    (
      "[\n\(base)\n{\"name\":\"a\",\"type\":\"STRING\"}]",
      ", line 3: the file is not a schema: unexpected byte at offset 79."
    ),
    ("[\r\n\(base),\r\n\r\n{\"name\":\"a\"}]", ", line 4: column a has no type."),
  ])
  func `the line is the one that the mistake is on`(_ json: String, _ sentence: String) {
    #expect {
      try Contract(json: Array(json.utf8), name: "pixel")
    } throws: { error in
      (error as? ContractError)?.description == "Contract pixel" + sentence
    }
  }

  @Test func `records may nest 15 levels and no deeper`() throws {
    func nested(_ levels: Int) -> String {
      levels == 1
        ? #"{"name":"a","type":"STRING"}"#
        : #"{"name":"a","type":"RECORD","fields":[\#(nested(levels - 1))]}"#
    }
    _ = try contract(nested(15))
    #expect(throws: ContractError.self) { try contract(nested(16)) }
    #expect(throws: ContractError.self) { try contract(nested(1000)) }
  }

  @Test func `names that differ only in their middle, or by length, are told apart`() throws {
    let names = [
      "abcdefgh_1_abcdefgh", "abcdefgh_2_abcdefgh", "a", "aa", "aaaaaaaa", "aaaaaaaaa", "b",
    ]
    let columns = (["event_id STRING", "event_time TIMESTAMP"] + names.map { "\($0) STRING" }).map {
      let words = $0.split(separator: " ")
      return #"{"name":"\#(words[0])","type":"\#(words[1])"}"#
    }
    let contract = try Contract(json: Array("[\(columns.joined(separator: ","))]".utf8), name: "c")
    for (position, name) in names.enumerated() {
      #expect(contract.column(named: Array(name.utf8).span) == position + 2)
    }
    for name in [
      "abcdefgh_3_abcdefgh", "abcdefgh_abcdefgh", "", "aaa", "aaaaaaaaaa", "\u{0}a", "c",
    ] {
      #expect(contract.column(named: Array(name.utf8).span) == nil)
    }
  }
}
