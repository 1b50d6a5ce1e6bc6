// SPDX-License-Identifier: MIT
import Bytes
import LogParse
import Testing

@Suite struct ParameterTests {
  /// The JSON text of column `v` of this type for `v=<value>`; nil if it is left out.
  private func encode(_ type: String, _ value: String) throws -> String? {
    var parser = try EventParser.with("v \(type)")
    let text = try parser.parse(query: "v=\(value)").text
    guard let key = text.range(of: "\"v\":") else { return nil }
    return String(text[key.upperBound...].dropLast())
  }

  @Test(
    arguments: [
      ("STRING", "abc", #""abc""#), ("STRING", "", #""""#), ("STRING", "+a+", #"" a ""#),
      ("STRING", "%E6%97%A5%22", #""日\"""#), ("STRING", "%ff", "\"\u{fffd}\""),
      ("STRING", "a%00b", #""a\u0000b""#), ("STRING", "日", #""日""#),
      ("INTEGER", "42", #""42""#), ("INTEGER", "-7", #""-7""#), ("INTEGER", "%2B7", #""7""#),
      ("INTEGER", "007", #""7""#), ("INTEGER", "+5+", #""5""#), ("INTEGER", "-0", #""0""#),
      ("INTEGER", "9223372036854775807", #""9223372036854775807""#),
      ("INTEGER", "-9223372036854775808", #""-9223372036854775808""#),
      ("INTEGER", "9223372036854775808", nil), ("INTEGER", "1.0", nil), ("INTEGER", "1e3", nil),
      ("INTEGER", "", nil), ("INTEGER", "0x10", nil), ("INTEGER", "%2B-1", nil),
      ("INTEGER", "1%002", nil),
      ("FLOAT", "1.5", "1.5"), ("FLOAT", "-.5", "-0.5"), ("FLOAT", "5.", "5"),
      ("FLOAT", "%2B1", "1"),
      ("FLOAT", "007.50", "7.50"), ("FLOAT", "1e10", "1e10"), ("FLOAT", "1.5E-7", "1.5e-7"),
      ("FLOAT", "NaN", #""NaN""#), ("FLOAT", "-Infinity", #""-Infinity""#), ("FLOAT", "1e999", nil),
      ("FLOAT", "1e99999999999999999999", nil), ("FLOAT", "1,5", nil), ("FLOAT", ".", nil),
      ("FLOAT", "e5", nil), ("FLOAT", "1e", nil), ("FLOAT", "inf", nil), ("FLOAT", "0x1p3", nil),
      ("FLOAT", "--1", nil), ("FLOAT", "1e-999", "1e-999"), ("FLOAT", "0000", "0"),
      ("NUMERIC", "12.50", #""12.50""#), ("NUMERIC", "-12", #""-12""#),
      ("NUMERIC", ".5", #""0.5""#),
      ("NUMERIC", "5.", #""5""#), ("NUMERIC", "0012", #""12""#), ("NUMERIC", "-0", #""0""#),
      ("NUMERIC", "-0.00", #""0""#), ("NUMERIC", "0.30000000000000004", #""0.300000000""#),
      ("NUMERIC", "0.0000000005", #""0.000000001""#),
      ("NUMERIC", "0.00000000049", #""0.000000000""#),
      ("NUMERIC", "-0.9999999999", #""-1.000000000""#),
      ("NUMERIC", "99.9999999999", #""100.000000000""#),
      ("NUMERIC", "1.5e3", #""1500""#), ("NUMERIC", "15e-1", #""1.5""#),
      ("NUMERIC", "1.5e-7", #""0.00000015""#),
      ("NUMERIC", "1e-1000", #""0.000000000""#), ("NUMERIC", "0e999999999999", #""0""#),
      ("NUMERIC", "99999999999999999999999999999", #""99999999999999999999999999999""#),
      ("NUMERIC", "99999999999999999999999999999.9999999999", nil),
      ("NUMERIC", "100000000000000000000000000000", nil),
      ("NUMERIC", "1e28", "\"1" + String(repeating: "0", count: 28) + "\""),
      ("NUMERIC", "1e29", nil), ("NUMERIC", "1e999999999999", nil), ("NUMERIC", "12%2C50", nil),
      ("NUMERIC", "NaN", nil), ("NUMERIC", "-", nil), ("NUMERIC", "%24+5", nil),
      ("BOOLEAN", "true", "true"), ("BOOLEAN", "FALSE", "false"), ("BOOLEAN", "1", "true"),
      ("BOOLEAN", "0", "false"), ("BOOLEAN", "Yes", "true"), ("BOOLEAN", "no", "false"),
      ("BOOLEAN", "on", nil), ("BOOLEAN", "2", nil), ("BOOLEAN", "truE+", "true"),
      ("BOOLEAN", "TRU%05", nil),
      ("TIMESTAMP", "2026-01-02T03:44:05.5%2B01:00", #""2026-01-02T02:44:05.500000Z""#),
      ("TIMESTAMP", "2026-01-02T03:44:05+01:00", #""2026-01-02T02:44:05.000000Z""#),
      ("TIMESTAMP", "2026-01-02+03:44:05", #""2026-01-02T03:44:05.000000Z""#),
      ("TIMESTAMP", "1767325445123", #""2026-01-02T03:44:05.123000Z""#), ("TIMESTAMP", "soon", nil),
      ("DATE", "2026-01-02", #""2026-01-02""#), ("DATE", "2026-02-29", nil),
      ("DATE", "2026-1-2", nil),
      ("DATE", "2026-01-02T00:00:00Z", nil), ("DATE", "20260102", nil),
      ("TIME", "03:44:05.1234567", #""03:44:05.123456""#), ("TIME", "03:44", #""03:44:00""#),
      ("TIME", "24:00:00", nil), ("TIME", "03:44:05Z", nil), ("TIME", "3:44", nil),
      ("DATETIME", "2026-01-02T03:44:05", #""2026-01-02T03:44:05""#),
      ("DATETIME", "2026-01-02+03:44:05.5", #""2026-01-02T03:44:05.500000""#),
      ("DATETIME", "2026-01-02", #""2026-01-02T00:00:00""#),
      ("DATETIME", "2026-01-02T03:44:05Z", nil),
      ("BYTES", "QUJD", #""QUJD""#), ("BYTES", "QUI=", #""QUI=""#), ("BYTES", "QUI", #""QUI=""#),
      ("BYTES", "-_-_", #""+/+/""#), ("BYTES", "a+b%2F", #""a+b/""#), ("BYTES", "QUI==", nil),
      ("BYTES", "Q", nil), ("BYTES", "Q*==", nil), ("BYTES", "====", nil),
      ("JSON", "%7B%22a%22%3A%5B1%2C%22%C3%A9%22%5D%7D", #""{\"a\":[1,\"é\"]}""#),
      ("JSON", "5", #""5""#),
      ("JSON", "%22x%22", #""\"x\"""#), ("JSON", "x", nil), ("JSON", "%7B", nil),
      ("JSON", "1+2", nil),
      ("BIGNUMERIC", "anything", nil), ("GEOGRAPHY", "POINT(1+2)", #""POINT(1 2)""#),
      ("INTERVAL", "P1D", #""P1D""#), ("RANGE", "x", #""x""#),
      ("RANGE", "[2026-01-01,+2026-02-01)", #"{"start":"2026-01-01","end":"2026-02-01"}"#),
      ("RANGE", "[UNBOUNDED,2026-02-01)", #"{"end":"2026-02-01"}"#),
      ("RANGE", "[2026-01-01, NULL )", #"{"start":"2026-01-01"}"#), ("RANGE", "[,)", "{}"),
      ("RANGE", "[%22,%5C)", #"{"start":"\"","end":"\\"}"#), ("RANGE", "[)", #""[)""#),
      ("RANGE", "[a)", #""[a)""#), ("RANGE", "[a,b]", #""[a,b]""#), ("RECORD", "x", nil),
    ] as [(String, String, String?)])
  func `a value is checked and written in its column's encoding`(
    _ type: String, _ value: String, _ json: String?
  ) throws {
    #expect(try encode(type, value) == json)
  }

  @Test(
    arguments: [
      ("STRING", "v=a;b", #"["a","b"]"#), ("STRING", "v=a&v=b", #"["a","b"]"#),
      ("STRING", "v=a;b&x=1&v=c", #"["a","b","c"]"#), ("STRING", "v=a%3Bb", #"["a;b"]"#),
      ("STRING", "v=;a;;b;", #"["a","b"]"#), ("STRING", "v=", nil), ("STRING", "v=;", nil),
      ("STRING", "v=%22;+", #"["\""," "]"#), ("INTEGER", "v=1;2;x;3", #"["1","2","3"]"#),
      ("INTEGER", "v=x;y", nil), ("FLOAT", "v=1.5&v=2", "[1.5,2]"),
      ("BOOLEAN", "v=1;no", "[true,false]"),
      ("JSON", "v=%7B%7D;%5B%5D", #"["{}","[]"]"#),
    ] as [(String, String, String?)])
  func `a list comes as repeated keys and as semicolons`(
    _ type: String, _ query: String, _ json: String?
  ) throws {
    var parser = try EventParser.with("v \(type) REPEATED")
    let text = try parser.parse(query: query).text
    let key = text.range(of: "\"v\":")
    #expect(key.map { String(text[$0.upperBound...].dropLast()) } == json)
  }

  @Test func `a repeated key on a single column keeps the first, and the rest is counted`() throws {
    var parser = try EventParser.with("v STRING", "n INTEGER")
    let parsed = try parser.parse(query: "v=a&v=b&n=x&n=5&v=c")
    #expect(parsed["v"] == "a")
    // The first does not fit; a later one does not step in.
    #expect(parsed["n"] == nil)
    #expect(parser.omitted.repeated == 3)
    _ = try parser.parse(query: "v=a")
    #expect(parser.omitted.repeated == 0)
  }

  @Test func `an encoded name is the column that it spells`() throws {
    var parser = try EventParser.with("user_id STRING")
    #expect(try parser.parse(query: "user%5Fid=u")["user_id"] == "u")
    #expect(try parser.parse(query: "User_id=u")["user_id"] == nil)
    #expect(try parser.parse(query: "user_id%00=u")["user_id"] == nil)
  }

  @Test(arguments: ["_unparsed JSON", "_unparsed STRING"])
  func `what does not fit is kept in _unparsed, last`(_ column: String) throws {
    var parser = try EventParser.with(column, "n INTEGER", "d DATE", "l FLOAT REPEATED", "s STRING")
    let parsed = try parser.parse(query: "n=%22x%22&d=2026-99-99&l=1;two;3;f%C3%BCnf&s=ok")
    #expect(parsed["s"] == "ok" && parsed["n"] == nil && parsed["d"] == nil)
    #expect(
      parsed["_unparsed"] == #"{"n":"\"x\"","d":"2026-99-99","l":"two","l":"fünf"}"#)
    #expect(parsed.text.hasSuffix(#"fünf\"}"}"#))
    let fitting = try parser.parse(query: "n=5&_unparsed=forged")
    #expect(fitting["_unparsed"] == nil)
    #expect(fitting["n"] == "5")
  }

  @Test func `without _unparsed what does not fit is left out`() throws {
    var parser = try EventParser.with("n INTEGER")
    #expect(try parser.parse(query: "n=x").isEvent)
    #expect(try parser.parse(query: "n=x")["n"] == nil)
  }

  @Test func `300 parameters: all that have a column count, wherever they are`() throws {
    var parser = try EventParser.with("first STRING", "last STRING")
    let others = (0..<300).map { "k\($0)=v\($0)" }.joined(separator: "&")
    let parsed = try parser.parse(query: "first=1&\(others)&last=2")
    #expect(parsed["first"] == "1" && parsed["last"] == "2")
    #expect(parser.omitted.overLimit == 0)
  }

  @Test func `an event takes 256 parameters, and the rest is counted`() throws {
    var parser = try EventParser.with("v STRING REPEATED")
    let query = (0..<300).map { "v=\($0)" }.joined(separator: "&")
    let parsed = try parser.parse(query: query)
    #expect((parsed.row["v"] as? [String])?.count == 256)
    #expect((parsed.row["v"] as? [String])?.last == "255")
    #expect(parser.omitted.overLimit == 44)
  }

  @Test func `a value of 8 KB, of 1 MB, and a list of 100,000 arrive whole`() throws {
    var parser = try EventParser.with("s STRING", "l STRING REPEATED")
    for count in [8_192, 1_000_000] {
      let value = String(repeating: "é", count: count / 2)
      #expect(try parser.parse(query: "s=\(value)")["s"] == value)
    }
    let list = (0..<100_000).map { "\($0)" }
    let parsed = try parser.parse(query: "l=\(list.joined(separator: ";"))")
    #expect(parsed.row["l"] as? [String] == list)
  }
}
