// SPDX-License-Identifier: MIT
import Foundation
import LogParse
import Testing

/// Numbers in JSON columns: BigQuery's JSON has 64-bit integers and doubles.
@Suite struct JSONNumberTests {
  private func encode(
    _ json: String, _ column: String = "v JSON", _ name: String = "v"
  ) throws -> Parsed {
    var parser = try EventParser.with(column, "_unparsed JSON")
    return try parser.parse(
      query: "\(name)=" + (json.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""))
  }

  @Test(arguments: [
    "0", "-0", "5", "1.5", "1.50", "1e3", "1E+3", "-1.5e-7", "9223372036854775807",
    "-9223372036854775808", "18446744073709551615", "0.30000000000000004", "1234.5999999940395",
    "1e308", "-1.7976931348623157e308", "0e999", "0.0e-999", "1e22", "100000000000000000000",
    "123456789012345.0", #"{"a":[1,{"b":2.25e2}]}"#, #""1e999""#,
    #"{"1e999":"-1e999","b":"\"1e999"}"#,
  ])
  func `a number that BigQuery holds stays as it is`(_ json: String) throws {
    let parsed = try encode(json)
    #expect(parsed["v"] == json)
    #expect(parsed["_unparsed"] == nil)
  }

  @Test(arguments: [
    ("18446744073709551616", #""18446744073709551616""#),
    ("-9223372036854775809", #""-9223372036854775809""#),
    ("0.30000000000000001", #""0.30000000000000001""#),
    ("123456789012345678901234567890", #""123456789012345678901234567890""#),
    ("1e-999", #""1e-999""#),
    // In the middle of two doubles, or nearly.
    ("1e23", #""1e23""#), ("100000000000000000000000", #""100000000000000000000000""#),
    ("[2773e148,-75972094e-258]", #"["2773e148","-75972094e-258"]"#),
    ("3.14159265358979323846", #""3.14159265358979323846""#),
    (#"{"a":[9007199254740993.5,2]}"#, #"{"a":["9007199254740993.5",2]}"#),
    (#"[ 1.00000000000000001 , "\\" , 1 ]"#, #"[ "1.00000000000000001" , "\\" , 1 ]"#),
  ])
  func `a number that a double would round becomes its text`(_ json: String, _ kept: String) throws
  {
    let parsed = try encode(json)
    #expect(parsed["v"] == kept)
    #expect(parsed["_unparsed"] == nil)
  }

  @Test(arguments: [
    "1e999", "-1e999", "[1,-2e400]", #"{"a":{"b":1e309}}"#, "1E400", "1e99999999999999999999999",
    "-1.8e308", #"["ok","\"",1e999]"#,
  ])
  func `a number that no double holds makes the value a misfit`(_ json: String) throws {
    for (column, name) in [
      ("v JSON", "v"), ("v JSON REPEATED", "v"), ("r RECORD {v JSON}", "r.v"),
    ] {
      let parsed = try encode(json, column, name)
      #expect(parsed.isEvent && parsed.row["v"] == nil)
      let unparsed = try #require(parsed["_unparsed"])
      let kept = try JSONSerialization.jsonObject(with: Data(unparsed.utf8)) as? [String: String]
      #expect(kept == [name: json], "\(column)")
    }
  }

  @Test func `in a part of a JSON column such a number is text`() throws {
    var parser = try EventParser.with("v JSON")
    let parsed = try parser.parse(
      query: "v.a=1e999&v.b=0.30000000000000001&v.c=18446744073709551616")
    #expect(
      parsed["v"] == #"{"a":"1e999","b":"0.30000000000000001","c":"18446744073709551616"}"#)
  }
}
