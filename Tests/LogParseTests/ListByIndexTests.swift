// SPDX-License-Identifier: MIT
import LogParse
import Testing

/// Lists whose elements are numbered, as PHP's `http_build_query`, npm's `qs` and Symfony write them.
@Suite struct ListByIndexTests {
  private func list(_ query: String, _ column: String = "v STRING REPEATED") throws -> String? {
    var parser = try EventParser.with(column)
    let text = try parser.parse(query: query).text
    return text.range(of: "\"v\":").map { String(text[$0.upperBound...].dropLast()) }
  }

  @Test(
    arguments: [
      ("v[0]=a&v[1]=b", #"["a","b"]"#), ("v%5B0%5D=a&v%5B1%5D=b", #"["a","b"]"#),
      // The order of the numbers counts, gaps close.
      ("v[2]=c&v[0]=a&v[1]=b", #"["a","b","c"]"#), ("v[7]=b&v[255]=c&v[3]=a", #"["a","b","c"]"#),
      ("v[00]=a&v[01]=b", #"["a","b"]"#),
      // What has no number stands behind.
      ("v[]=x&v[1]=b&v=y&v[0]=a", #"["a","b","x","y"]"#), ("v=x;y&v[0]=a;b", #"["a","b","x","y"]"#),
      // The first of a number counts.
      ("v[0]=a&v[0]=b", #"["a"]"#), ("v[1]=x&v[0]=a&v[1]=y", #"["a","x"]"#),
      ("v[0]=&v[1]=b", #"["b"]"#), ("v[0]=a%3Bb", #"["a;b"]"#),
      // No such element.
      ("v[256]=a", nil), ("v[99999999999999999999999]=a", nil), ("v[-1]=a", nil),
      ("v[0][0]=a", nil),
      ("v[0].x=a", nil), ("v[x]=a", nil), ("v[0=a", nil), ("v0]=a", nil), ("v[0]x=a", nil),
      ("v.0=a", nil), ("v[ 0]=a", nil), ("v[0x1]=a", nil),
    ] as [(String, String?)])
  func `a list takes numbered elements`(_ query: String, _ json: String?) throws {
    #expect(try list(query) == json)
  }

  @Test(
    arguments: [
      ("v.t[0]=a&v.t[1]=b", #"{"t":["a","b"]}"#), ("v[t][1]=b&v[t][0]=a", #"{"t":["a","b"]}"#),
      ("v%5Bt%5D%5B0%5D=a", #"{"t":["a"]}"#), ("v.t=x&v[t][9]=a&v.t[]=y", #"{"t":["a","x","y"]}"#),
      ("v.t[0]=a&v[t][0]=b", #"{"t":["a"]}"#), ("v.t[255]=a", #"{"t":["a"]}"#),
      ("v.t[256]=a", nil), ("v.s[0]=a", nil), ("v[0].t[0]=a", nil), ("v.t[0][0]=a", nil),
      ("v.t[0].x=a", nil),
    ] as [(String, String?)])
  func `a list in a RECORD takes numbered elements`(_ query: String, _ json: String?) throws {
    #expect(try list(query, "v RECORD {s STRING, t STRING REPEATED}") == json)
  }

  @Test func `a list in a REPEATED RECORD takes numbered elements`() throws {
    #expect(
      try list(
        "v[1][t][1]=d&v[0][t][1]=b&v[0][s]=x&v[1][t][0]=c&v[0][t][0]=a",
        "v RECORD REPEATED {s STRING, t STRING REPEATED}")
        == #"[{"s":"x","t":["a","b"]},{"t":["c","d"]}]"#)
  }

  @Test(arguments: [("INTEGER", #"["1","2"]"#), ("FLOAT", "[1,2]")])
  func `the elements have the column's type`(_ type: String, _ json: String) throws {
    #expect(try list("v[1]=2&v[0]=1", "v \(type) REPEATED") == json)
    var parser = try EventParser.with("v \(type) REPEATED", "_unparsed JSON")
    #expect(try parser.parse(query: "v[1]=x&v[0]=1")["_unparsed"] == #"{"v":"x"}"#)
  }

  @Test func `what has no place is counted`() throws {
    var parser = try EventParser.with(
      "v STRING REPEATED", "r RECORD {t STRING REPEATED}", "s STRING")
    _ = try parser.parse(query: "v[0]=a&v[0]=b&r.t[0]=a&r.t[0]=b&v[256]=c&r.t[300]=d&s[0]=e&v[a]=f")
    #expect(parser.omitted.repeated == 2)
    #expect(parser.omitted.overLimit == 2)
    #expect(parser.omitted.unknown == 2)
    _ = try parser.parse(query: "v=a&v=b")
    #expect(parser.omitted == OmittedParameters())
  }

  @Test func `256 numbered elements are taken in their order`() throws {
    let query = (0..<256).reversed().map { "v[\($0)]=\($0)" }.joined(separator: "&")
    var parser = try EventParser.with("v STRING REPEATED")
    #expect(
      try parser.parse(query: query).row["v"] as? [String] == (0..<256).map { "\($0)" })
  }
}
