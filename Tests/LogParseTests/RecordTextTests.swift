// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import LogParse
import PixelModel
import Testing

/// RECORD columns that come as JSON text, as shops send their items.
@Suite struct RecordTextTests {
  private static let columns = [
    "item RECORD {id INTEGER, tags STRING REPEATED, more JSON, sub RECORD {x STRING}}",
    "items RECORD REPEATED {sku STRING, qty INTEGER, tags STRING REPEATED}", "s STRING",
    "_unparsed JSON",
  ]

  private func parse(_ query: String) throws -> (row: String, unparsed: String?) {
    var parser = try EventParser.with(Self.columns)
    let parsed = try parser.parse(query: query)
    let start = parsed.text.range(of: "456Z\"")?.upperBound ?? parsed.text.startIndex
    let end = parsed.text.range(of: ",\"_unparsed\"")?.lowerBound
    let row = parsed.text[start..<(end ?? parsed.text.index(before: parsed.text.endIndex))]
    return (String(row.dropFirst()), parsed["_unparsed"])
  }

  private static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  @Test(arguments: [
    ("item", #"{"id":7,"tags":["a","b"]}"#, #""item":{"id":"7","tags":["a","b"]}"#),
    ("item", #" { "id" : "7" } "#, #""item":{"id":"7"}"#),
    (
      "item", #"{"sub":{"x":"é"},"more":{"a":[1,"1"]}}"#,
      #""item":{"more":"{\"a\":[1,\"1\"]}","sub":{"x":"é"}}"#
    ),
    ("item[sub]", #"{"x":"y"}"#, #""item":{"sub":{"x":"y"}}"#),
    ("item.sub", #"{"x":"y"}"#, #""item":{"sub":{"x":"y"}}"#),
    (
      "items", #"[{"sku":"a","qty":2},{"sku":"b"}]"#,
      #""items":[{"sku":"a","qty":"2"},{"sku":"b"}]"#
    ),
    (
      "items", #"[{"tags":["x","y"]},null,{"sku":"c"}]"#,
      #""items":[{"tags":["x","y"]},{"sku":"c"}]"#
    ),
    ("items[1]", #"{"sku":"a"}"#, #""items":[{"sku":"a"}]"#),
    ("items[]", #"{"sku":"a"}"#, #""items":[{"sku":"a"}]"#),
    ("items", #"{"sku":"a"}"#, #""items":[{"sku":"a"}]"#),
    ("item", "{}", ""), ("items", "[]", ""), ("items", "[{}]", ""), ("item", "null", ""),
    ("item", "", ""), ("item", " ", ""), ("items", "[null]", ""),
  ])
  func `JSON text fills a RECORD`(_ name: String, _ json: String, _ row: String) throws {
    for name in [name, Self.encoded(name)] {
      let parsed = try parse("\(name)=\(Self.encoded(json))")
      #expect(parsed.row == row)
      #expect(parsed.unparsed == nil)
    }
  }

  @Test(arguments: [
    ("item", "5", #"{"item":"5"}"#), ("item", "x y", #"{"item":"x y"}"#),
    ("item", #""x""#, #"{"item":"\"x\""}"#), ("item", "true", #"{"item":"true"}"#),
    ("item", #"{"id":1"#, #"{"item":"{\"id\":1"}"#), ("item", "{id:1}", #"{"item":"{id:1}"}"#),
    ("item", #"{"id":1} x"#, #"{"item":"{\"id\":1} x"}"#),
    ("items", #"[{"sku":"a"}"#, #"{"items":"[{\"sku\":\"a\"}"}"#),
    ("items", "5", #"{"items":"5"}"#),
    ("items[0]", "5", #"{"items[0]":"5"}"#), ("item.sub", "5", #"{"item.sub":"5"}"#),
    ("items", "[5,6]", #"{"items":"5","items":"6"}"#),
    // Of another shape than the column's.
    ("item", #"[{"id":1}]"#, #"{"item[0].id":"1"}"#),
    ("items", #"[[{"sku":"a"}]]"#, #"{"items[0][0].sku":"a"}"#),
    ("item", #"{"sub":5}"#, #"{"item.sub":"5"}"#),
    ("item", #"{"id":{"x":1}}"#, #"{"item.id.x":"1"}"#),
    ("item", #"{"other":1}"#, #"{"item.other":"1"}"#),
    ("item", #"{"id":"x"}"#, #"{"item.id":"x"}"#),
    // A text inside is not read once more.
    ("item", #"{"sub":"{\"x\":1}"}"#, #"{"item.sub":"{\"x\":1}"}"#),
  ])
  func `what can't be in a RECORD is kept in _unparsed`(
    _ name: String, _ value: String, _ unparsed: String
  ) throws {
    let parsed = try parse("\(name)=\(Self.encoded(value))&s=1")
    #expect(parsed.unparsed == unparsed)
    #expect(parsed.row == #""s":"1""#)
  }

  @Test func `a part of a text that fits is taken, the rest is kept`() throws {
    let parsed = try parse(
      "items=" + Self.encoded(#"[{"sku":"a","qty":"x"},5,{"sku":"b","colour":"red"}]"#))
    #expect(parsed.row == #""items":[{"sku":"a"},{"sku":"b"}]"#)
    #expect(
      parsed.unparsed == #"{"items[0].qty":"x","items[1]":"5","items[2].colour":"red"}"#)
  }

  @Test func `the same object gives the same row as text and as parameters`() throws {
    let object = #"{"id":7,"tags":["a;b"],"sub":{"x":"1"},"more":{"n":1.5,"t":"1.5"}}"#
    var query = JSONQuery(maximumValues: 100)
    try query.append(json: Array(#"{"item":\#(object)}"#.utf8).span)
    #expect(
      try parse("item=\(Self.encoded(object))").row == parse(query.query.bytes.span.string).row)
  }

  @Test func `a parameter for a field comes before the text`() throws {
    var parser = try EventParser.with(Self.columns)
    let text = Self.encoded(#"{"id":1,"sub":{"x":"t"}}"#)
    let parsed = try parser.parse(query: "item=\(text)&item.id=2")
    #expect(parsed.text.contains(#""item":{"id":"2","sub":{"x":"t"}}"#))
    #expect(parser.omitted.repeated == 1)
    let twice = try parser.parse(
      query: "items=\(Self.encoded(#"{"sku":"a"}"#))&items=\(Self.encoded(#"{"sku":"b"}"#))")
    #expect(twice.text.contains(#""items":[{"sku":"a"},{"sku":"b"}]"#))
  }

  @Test func `a text is bounded as an object is`() throws {
    let many = (0..<300).map { #"{"sku":"\#($0)"}"# }.joined(separator: ",")
    let parsed = try parse("items=\(Self.encoded("[\(many)]"))&s=1")
    #expect(parsed.row == #""s":"1""#)
    #expect(parsed.unparsed?.hasPrefix(#"{"items":"[{\"sku\":\"0\"}"#) == true)
    let deep = String(repeating: #"{"id":"#, count: 70) + "1" + String(repeating: "}", count: 70)
    #expect(try parse("item=\(Self.encoded(deep))").unparsed?.contains("id") == true)
    let hundred = (0..<101).map { #"{"sku":"\#($0)"}"# }.joined(separator: ",")
    #expect(
      try parse("items=\(Self.encoded("[\(hundred)]"))").unparsed == #"{"items[100].sku":"100"}"#)
  }

  @Test func `what can't be used is counted`() throws {
    var parser = try EventParser.with(Self.columns)
    _ = try parser.parse(query: "item=5&items=\(Self.encoded(#"[{"x":1},{"sku":"a"}]"#))")
    #expect(parser.omitted.misfit == 2)
    #expect(parser.omitted.unknown == 0)
    _ = try parser.parse(query: "s=1")
    #expect(parser.omitted == OmittedParameters())
  }

  @Test func `under a signal a personal RECORD leaves nothing, not even a misfit`() throws {
    var parser = try EventParser.with(
      privacy: PrivacyPolicy(personal: PersonalColumns(["item"])), Self.columns)
    let parsed = try parser.parse(
      query: "item=secret&item.sub=secret&items=open&gpc=1&item="
        + Self.encoded(#"{"id":"secret"}"#))
    #expect(!parsed.text.contains("secret"))
    #expect(parsed["_unparsed"] == #"{"items":"open"}"#)
  }

  @Test func `a REQUIRED RECORD can come as text`() throws {
    var parser = try EventParser.with("v RECORD REQUIRED {n INTEGER REQUIRED, s STRING}")
    #expect(try parser.parse(query: "v=\(Self.encoded(#"{"n":1}"#))").isEvent)
    #expect(try parser.parse(query: "v=5").reason == .missingRequired)
    #expect(try parser.parse(query: "v=\(Self.encoded(#"{"n":"x"}"#))").reason == .invalidValue)
  }
}
