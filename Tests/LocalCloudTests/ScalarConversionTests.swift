// SPDX-License-Identifier: MIT
import Testing

@testable import LocalCloud

@Suite struct ScalarConversionTests {
  @Test(arguments: [
    (Column.Kind.string, #""x""#, #""x""#), (.string, "12.50", #""12.50""#),
    (.integer, #""-5""#, #""-5""#), (.integer, "5", #""5""#), (.integer, "5.0", #""5""#),
    (.integer, "9223372036854775807", #""9223372036854775807""#),
    (.float, "1.5", "1.5"), (.float, #""1.5e3""#, "1500.0"), (.float, #""NaN""#, #""NaN""#),
    (.float, #""-inf""#, #""-Infinity""#),
    (.boolean, "true", "true"), (.boolean, #""FALSE""#, "false"),
    (.numeric, #""12.50""#, #""12.5""#), (.numeric, "0.1", #""0.1""#),
    (.numeric, #""1.0000000005""#, #""1.000000001""#), (.numeric, #""-0""#, #""0""#),
    (.numeric, #""1e3""#, #""1000""#),
    (
      .numeric, #""99999999999999999999999999999.999999999""#,
      #""99999999999999999999999999999.999999999""#
    ),
    (.timestamp, "1767323045.5", #""2026-01-02T03:04:05.500000Z""#),
    (.timestamp, #""2026-01-02 03:04:05 UTC""#, #""2026-01-02T03:04:05Z""#),
    (.date, #""2026-01-02""#, #""2026-01-02""#), (.time, #""03:04:05.25""#, #""03:04:05.250000""#),
    (.dateTime, #""2026-01-02 03:04:05""#, #""2026-01-02T03:04:05""#),
    (.range, #"{"start":"2026-01-01"}"#, #"{"start":"2026-01-01"}"#),
    (.bytes, #""AAE=""#, #""AAE=""#), (.json, #""{\"a\": 1}""#, #""{\"a\":1}""#),
  ])
  func `a value that fits is kept in one form`(_ kind: Column.Kind, _ given: String, _ kept: String)
    throws
  {
    #expect(try kind.convert(JSON.parse(given.utf8), field: "f").text == kept)
  }

  @Test(arguments: [
    (Column.Kind.string, "true", "Conversion from bool to string is unsupported."),
    (.string, "[]", "Array specified for non-repeated field: f."),
    (.string, "{}", "This field: f is not a record."),
    (.integer, #""abc""#, "Cannot convert value to integer (bad value): abc"),
    (.integer, "5.5", "Cannot convert value to integer (bad value): 5.5"),
    (.integer, #""5.0""#, "Cannot convert value to integer (bad value): 5.0"),
    (
      .integer, "9223372036854775808",
      "Cannot convert value to integer (bad value): 9223372036854775808"
    ),
    (.integer, #""""#, "Cannot convert value to integer (bad value): "),
    (.float, #""0x10""#, "Cannot convert value to floating point (bad value): 0x10"),
    (.float, "true", "Cannot convert value to floating point (bad value): true"),
    (.boolean, #""yes""#, "Cannot convert value to boolean (bad value): yes"),
    (.boolean, "1", "Cannot convert value to boolean (bad value): 1"),
    (.numeric, #""12,50""#, "Invalid NUMERIC value: 12,50"),
    (
      .numeric, #""100000000000000000000000000000""#,
      "Invalid NUMERIC value: 100000000000000000000000000000"
    ),
    (
      .numeric, #""99999999999999999999999999999.9999999995""#,
      "Invalid NUMERIC value: 99999999999999999999999999999.9999999995"
    ),
    (.numeric, #""NaN""#, "Invalid NUMERIC value: NaN"),
    (.numeric, "true", "Invalid NUMERIC value: true"),
    (
      .timestamp, #""yesterday""#,
      "Could not parse 'yesterday' as a timestamp. Required format is YYYY-MM-DD HH:MM[:SS[.SSSSSS]]"
    ),
    (
      .timestamp, "1767323045123",
      "Could not parse '1767323045123' as a timestamp. Required format is YYYY-MM-DD HH:MM[:SS[.SSSSSS]]"
    ),
    (.timestamp, #""2026-01-02 03:04 Mars/Base""#, "Unrecognized timezone: Mars/Base"),
    (.date, #""2026-02-30""#, "Invalid date: '2026-02-30'"),
    (.time, #""03:04""#, "Invalid time string: '03:04'"),
    (.dateTime, #""2026-01-02T03:04:05Z""#, "Invalid datetime string: '2026-01-02T03:04:05Z'"),
    (.bytes, #""AA-_""#, "Could not decode base64 string to bytes."),
    (.range, #""[2026-01-01, UNBOUNDED)""#, "Invalid RANGE value: [2026-01-01, UNBOUNDED)"),
    (.json, "{}", "Invalid JSON value: {}"), (.json, #""{a}""#, "Invalid JSON value: {a}"),
  ])
  func `a value that does not fit is refused in BigQuery's words`(
    _ kind: Column.Kind, _ given: String, _ message: String
  ) throws {
    let value = try JSON.parse(given.utf8)
    #expect(throws: Column.Kind.Unconvertible(message)) { try kind.convert(value, field: "f") }
  }
}
