// SPDX-License-Identifier: MIT
import Foundation
import LocalCloud
import LogParse
import Testing

/// Precision, scale and length of types hold as BigQuery enforces them.
@Suite struct TypeParameterTests {
  @Test(
    arguments: [
      ("NUMERIC(10,2)", "123456789.55", nil), ("NUMERIC(10,2)", "12345678.55", "12345678.55"),
      ("NUMERIC(10,2)", "12345678.555", "12345678.56"),
      ("NUMERIC(10,2)", "-12345678.555", "-12345678.56"),
      ("NUMERIC(10,2)", "99999999.994", "99999999.99"), ("NUMERIC(10,2)", "99999999.995", nil),
      ("NUMERIC(10,2)", "-99999999.995", nil), ("NUMERIC(10,2)", "0.001", "0.00"),
      ("NUMERIC(10,2)", "1e7", "10000000"), ("NUMERIC(10,2)", "1e8", nil),
      ("NUMERIC(10,2)", "0000123456789", nil), ("NUMERIC(10,2)", "00000000012", "12"),
      ("NUMERIC(5)", "99999", "99999"), ("NUMERIC(5)", "99999.4", "99999"),
      ("NUMERIC(5)", "99999.5", nil), ("NUMERIC(5)", "100000", nil),
      // No digit before the point.
      ("NUMERIC(2,2)", "0.55", "0.55"), ("NUMERIC(2,2)", ".5", "0.5"), ("NUMERIC(2,2)", "1", nil),
      ("NUMERIC(2,2)", "0.994", "0.99"), ("NUMERIC(2,2)", "0.995", nil), ("NUMERIC(2,2)", "0", "0"),
      (
        "NUMERIC(38,9)", "99999999999999999999999999999.999999999",
        "99999999999999999999999999999.999999999"
      ),
      // Halves to the even neighbour.
      ("NUMERIC(5,1,ROUND_HALF_EVEN)", "0.25", "0.2"),
      ("NUMERIC(5,1,ROUND_HALF_EVEN)", "0.35", "0.4"),
      ("NUMERIC(5,1,ROUND_HALF_EVEN)", "0.2500001", "0.3"),
      ("NUMERIC(5,1,ROUND_HALF_EVEN)", "-2.45", "-2.4"),
      ("NUMERIC(5,0,ROUND_HALF_EVEN)", "0.5", "0"),
      ("NUMERIC(5,1,ROUND_HALF_AWAY_FROM_ZERO)", "0.25", "0.3"),
      ("BIGNUMERIC(20,4)", "99999999999999999999", nil),
      ("BIGNUMERIC(20,4)", "9999999999999999.9999", "9999999999999999.9999"),
      ("BIGNUMERIC(20,4)", "9999999999999999.99995", nil), ("BIGNUMERIC(20,4)", "x", nil),
      ("BIGNUMERIC", "1e38", "1" + String(repeating: "0", count: 38)), ("BIGNUMERIC", "1e39", nil),
      (
        "BIGNUMERIC",
        "578960446186580977117854925043439539266.34992332820282019728792003956564819967",
        "578960446186580977117854925043439539266.34992332820282019728792003956564819967"
      ),
      (
        "BIGNUMERIC",
        "578960446186580977117854925043439539266.34992332820282019728792003956564819968",
        nil
      ),
      ("BIGNUMERIC", "-578960446186580977117854925043439539267", nil),
      (
        "BIGNUMERIC", "578960446186580977117854925043439539266",
        "578960446186580977117854925043439539266"
      ),
      (
        "BIGNUMERIC", "0.1234567890123456789012345678901234567",
        "0.1234567890123456789012345678901234567"
      ),
      ("BIGNUMERIC", "NaN", nil), ("BIGNUMERIC", "", nil),
      // Bytes, not letters of base64.
      ("BYTES(3)", "QUJD", "QUJD"), ("BYTES(3)", "QUJDRA", nil), ("BYTES(3)", "QUI", "QUI="),
      ("BYTES(4)", "QUJDRA==", "QUJDRA=="), ("BYTES(4)", "QUJDREU", nil),
      ("BYTES(1)", "QQ", "QQ=="),
      ("BYTES(1)", "QUI", nil),
    ] as [(String, String, String?)])
  func `a value fits its column's parameters or is kept in _unparsed`(
    _ type: String, _ value: String, _ written: String?
  ) throws {
    for (column, name, list) in [
      ("v \(type)", "v", false), ("v \(type) REPEATED", "v", true),
      ("r RECORD {v \(type)}", "r.v", false),
      ("r RECORD REPEATED {v \(type)}", "r[0].v", false),
    ] {
      var parser = try EventParser.with(column, "_unparsed JSON")
      let parsed = try parser.parse(query: "\(name)=\(value)")
      if let written {
        let json = list ? #""v":["\#(written)"]"# : #""v":"\#(written)""#
        #expect(parsed.text.contains(json), "\(column)")
        #expect(parsed["_unparsed"] == nil)
      } else {
        #expect(!parsed.text.contains("\"v\":"), "\(column)")
        #expect(parsed["_unparsed"] == (value.isEmpty ? nil : #"{"\#(name)":"\#(value)"}"#))
      }
    }
  }

  @Test func `a REQUIRED column that a value does not fit rejects the hit`() throws {
    var parser = try EventParser.with("v NUMERIC(4,2) REQUIRED", "b BYTES(2)")
    let parsed = try parser.parse(query: "v=100")
    #expect(parsed.reason == .invalidValue)
    #expect(parsed.detail == "The value of REQUIRED column v does not fit its type NUMERIC.")
  }

  /// BigQuery has a value for the rows of other programs, so it has one for ours.
  @Test func `a REQUIRED column with a default may be missing`() throws {
    var parser = try EventParser.with(
      "env STRING REQUIRED='prod'", "n INTEGER REQUIRED=5", "s STRING", "_unparsed JSON")
    #expect(try parser.parse(query: "s=1").text.hasSuffix(#"000Z","s":"1"}"#) == false)
    let parsed = try parser.parse(query: "s=1")
    #expect(parsed.isEvent)
    #expect(parsed.row["env"] == nil && parsed.row["n"] == nil && parsed["s"] == "1")
    #expect(try parser.parse(query: "env=&n=")["env"] == nil)
    #expect(try parser.parse(query: "env=test&n=7")["env"] == "test")
    let misfit = try parser.parse(query: "n=x")
    #expect(misfit.row["n"] == nil && misfit["_unparsed"] == #"{"n":"x"}"#)
    var without = try EventParser.with("env STRING REQUIRED")
    #expect(try without.parse(query: "s=1").reason == .missingRequired)
  }
}
