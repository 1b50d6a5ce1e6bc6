// SPDX-License-Identifier: MIT
import Foundation
import LogParse
import PixelModel
import Testing

/// JSON columns, filled by parameters that name a part of them.
@Suite struct JSONColumnTests {
  /// The JSON text of column `v` for this query; nil if it is left out.
  private func encode(_ query: String, _ column: String = "v JSON") throws -> String? {
    var parser = try EventParser.with(column)
    return try parser.parse(query: query)["v"]
  }

  @Test(
    arguments: [
      ("v.a=x", #"{"a":"x"}"#), ("v[a]=x", #"{"a":"x"}"#), ("v%5Ba%5D=x", #"{"a":"x"}"#),
      ("v%5ba%5d=x", #"{"a":"x"}"#), ("%76.%61=%78", #"{"a":"x"}"#),
      ("v.a.b=x&v.c=y&v.a.d=z", #"{"a":{"b":"x","d":"z"},"c":"y"}"#),
      ("v[a][b]=x&v.a[c]=y&v[a].d=z", #"{"a":{"b":"x","c":"y","d":"z"}}"#),
      ("v.b=1&v.a=2", #"{"b":1,"a":2}"#), ("v.a=", #"{"a":""}"#), ("v.a", #"{"a":""}"#),
      ("v.a=+x+", #"{"a":" x "}"#), ("v.%C3%A9%22=%C3%A9%22", #"{"é\"":"é\""}"#),
      ("v.a=%ff", "{\"a\":\"\u{fffd}\"}"), ("v.a=x;y", #"{"a":"x;y"}"#),
      // An encoded dot belongs to its name, in brackets any dot does.
      ("v.a%2Eb=x&v[c.d]=y", #"{"a.b":"x","c.d":"y"}"#),
      // Lists.
      ("v.t[]=x", #"{"t":["x"]}"#), ("v.t[]=x&v[t][]=y&v.t%5B%5D=z", #"{"t":["x","y","z"]}"#),
      ("v.t[1]=b&v.t[0]=a", #"{"t":["a","b"]}"#),
      ("v.t[9]=b&v.t[7].c=a", #"{"t":[{"c":"a"},"b"]}"#),
      ("v.t[0][]=1&v.t[0][]=2&v.t[1][]=3", #"{"t":[[1,2],[3]]}"#),
      ("v.t[]=z&v.t[0]=a", #"{"t":["a","z"]}"#), ("v[0].a=1&v[1].a=2", #"[{"a":1},{"a":2}]"#),
      ("v[]=1&v[]=x", #"[1,"x"]"#), ("v.a.0=x", #"{"a":{"0":"x"}}"#),
      // What was there first decides.
      ("v.a=1&v.a=2", #"{"a":1}"#), ("v.a=1&v.a.b=2", #"{"a":1}"#),
      ("v.a.b=1&v.a=2", #"{"a":{"b":1}}"#), ("v.a=1&v=%7B%7D", #"{"a":1}"#),
      ("v=%7B%7D&v.a=1", "{}"), ("v.a.b=1&v.a[]=2", #"{"a":{"b":1}}"#),
      ("v.a[]=1&v.a.b=2", #"{"a":[1]}"#), ("v.a.b=1&v.a[0]=2", #"{"a":{"b":1,"0":2}}"#),
      // Names that are no keys of anybody.
      ("v.__proto__.x=1&v.constructor=2", #"{"__proto__":{"x":1},"constructor":2}"#),
      // No such path.
      ("v.=x", nil), ("v..a=x", nil), ("v[a=x", nil), ("v[a]b=x", nil), ("v.a[]b=x", nil),
      ("v[][a]=x", nil), ("v]a=x", nil), ("V.a=x", nil), (".a=x", nil), ("v[]]=x", nil),
    ] as [(String, String?)])
  func `parameters beneath a JSON column become one value`(_ query: String, _ json: String?) throws
  {
    #expect(try encode(query) == json)
  }

  @Test(
    arguments: [
      ("5", "5"), ("-5", "-5"), ("0", "0"), ("1.5", "1.5"), ("-0.25", "-0.25"), ("true", "true"),
      ("false", "false"), ("123456789012345678", "123456789012345678"),
      ("0.30000000000000004", "0.30000000000000004"), ("1234.5999999940395", "1234.5999999940395"),
      // Text: nothing of it is lost.
      ("05", #""05""#), ("-0", #""-0""#), ("1.50", #""1.50""#), ("1.", #""1.""#), (".5", #"".5""#),
      ("1e3", #""1e3""#), ("%2B5", #""+5""#), ("+5", #"" 5""#), ("-", #""-""#), ("0x1", #""0x1""#),
      ("1234567890123456789", #""1234567890123456789""#), ("True", #""True""#),
      ("0.30000000000000001", #""0.30000000000000001""#), ("null", #""null""#), ("1,5", #""1,5""#),
      ("%7B%7D", #""{}""#), ("NaN", #""NaN""#),
      // An encoded digit says that it is text.
      ("%35", #""5""#), ("%74rue", #""true""#), ("1%2E5", #""1.5""#),
    ])
  func `a plain number or truth value is one, anything else is text`(
    _ value: String, _ json: String
  ) throws {
    #expect(try encode("v.a=\(value)") == #"{"a":\#(json)}"#)
  }

  @Test func `a REPEATED column gets the elements of a list`() throws {
    let column = "v JSON REPEATED"
    func list(_ query: String) throws -> [String]? {
      var parser = try EventParser.with(column)
      return try parser.parse(query: query).row["v"] as? [String]
    }
    #expect(try list("v[1].a=2&v[0].a=1") == [#"{"a":1}"#, #"{"a":2}"#])
    #expect(try list("v.a=1&v.b=2") == [#"{"a":1,"b":2}"#])
    #expect(try list("v=1&v=2") == ["1", "2"])
    #expect(try list("v[0].a=1&v=2") == [#"{"a":1}"#])
  }

  @Test func `a JSON field inside a record is filled too`() throws {
    var parser = try EventParser.with(
      "item RECORD {id STRING, more JSON}", "items RECORD REPEATED {sku STRING, more JSON}")
    let parsed = try parser.parse(
      query: "item.id=7&item.more.a=1&item[more][b][]=x&items[1].more.c=2&items[0].sku=s"
        + "&items[0].more.c.d=true&item.more.a=2&item.mor.a=1&items.more.c=3&item.more=5")
    #expect(
      parsed.text.hasSuffix(
        #""item":{"id":"7","more":"{\"a\":1,\"b\":[\"x\"]}"},"#
          + #""items":[{"sku":"s","more":"{\"c\":{\"d\":true}}"},{"more":"{\"c\":2}"}]}"#))
    #expect(parser.omitted.repeated == 2)
    #expect(parser.omitted.unknown == 2)
  }

  @Test func `a list fills a JSON field inside a record`() throws {
    var parser = try EventParser.with(
      "item RECORD {more JSON}", "items RECORD REPEATED {more JSON}")
    let parsed = try parser.parse(
      query: "item.more[]=1&item[more][]=a&items[0].more%5B%5D=2&items[0].more[]=%33")
    #expect(
      parsed.text.hasSuffix(
        #""item":{"more":"[1,\"a\"]"},"items":[{"more":"[2,\"3\"]"}]}"#))
    #expect(parser.omitted == OmittedParameters())
  }

  @Test func `brackets at the end of a list's name change nothing`() throws {
    var parser = try EventParser.with(
      "tags STRING REPEATED", "one STRING", "item RECORD {tags STRING REPEATED, n INTEGER}")
    let parsed = try parser.parse(
      query: "tags[]=a&tags%5B%5D=b;c&tags=d&item.tags[]=x&item[tags][]=y&item.n[]=5&one[]=z")
    #expect(parsed.row["tags"] as? [String] == ["a", "b", "c", "d"])
    #expect(parsed.text.contains(#""item":{"tags":["x","y"],"n":"5"}"#))
    #expect(parsed["one"] == nil)
    #expect(parser.omitted.unknown == 1)
  }

  @Test func `parts are bounded in number, depth and index`() throws {
    var parser = try EventParser.with("v JSON")
    let path = String(repeating: ".a", count: 16)
    #expect(try parser.parse(query: "v\(path)=1")["v"]?.contains(#":1}"#) == true)
    #expect(try parser.parse(query: "v\(path).a=1")["v"] == nil)
    #expect(parser.omitted.overLimit == 1)
    #expect(try parser.parse(query: "v.a[99]=x&v.a[100]=y")["v"] == #"{"a":["x"]}"#)
    #expect(parser.omitted.overLimit == 1)
    let many = (0..<300).map { "v.k\($0)=\($0)" }.joined(separator: "&")
    let object = try #require(try parser.parse(query: many)["v"])
    let members = try JSONSerialization.jsonObject(with: Data(object.utf8)) as? [String: Int]
    #expect(members?.count == 256)
    #expect(parser.omitted.overLimit == 44)
    let deep = "v" + String(repeating: "[x]", count: 300)
    #expect(
      try parser.parse(query: "\(deep)=1&v." + String(repeating: "y", count: 1023))["v"] == nil)
    #expect(
      parser.omitted.counts.map(\.code).sorted() == [
        "parameters_name_too_long", "parameters_over_limit",
      ])
  }

  @Test func `parts without a place are counted, and the next entry begins anew`() throws {
    var parser = try EventParser.with("v JSON", "w JSON")
    _ = try parser.parse(query: "v.a=1&v.a=2&v.a.b=3&v=4&w.a[0]=1&w.a.b=2")
    #expect(parser.omitted.repeated == 4)
    #expect(try parser.parse(query: "v.b=1")["v"] == #"{"b":1}"#)
    #expect(parser.omitted == OmittedParameters())
  }

  @Test func `under a signal a personal column loses its parts`() throws {
    var parser = try EventParser.with(
      privacy: PrivacyPolicy(personal: PersonalColumns(["v"])), "v JSON", "w JSON", "privacy STRING"
    )
    let parsed = try parser.parse(query: "v.a=1&gpc=1&w.a=2")
    #expect(parsed["v"] == nil)
    #expect(parsed["w"] == #"{"a":2}"#)
    #expect(parsed["privacy"] == "gpc")
  }
}
