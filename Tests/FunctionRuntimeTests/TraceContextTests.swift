// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer
import Testing

@testable import FunctionRuntime

@Suite struct TraceContextTests {
  static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  private func traceparent(_ text: String) -> TraceContext? {
    let bytes = Array(text.utf8)
    return TraceContext(traceparent: bytes.span)
  }

  private func cloudTrace(_ text: String) -> TraceContext? {
    let bytes = Array(text.utf8)
    return TraceContext(cloudTrace: bytes.span)
  }

  private func hex(_ numbers: UInt64?...) -> String? {
    var writer = ByteWriter()
    for number in numbers {
      guard let number else { return nil }
      writer.append(hex: number)
    }
    return writer.bytes.span.string
  }

  @Test func `a traceparent gives trace and span`() {
    let found = traceparent("00-\(Self.trace)-00f067aa0ba902b7-01")
    #expect(hex(found?.high, found?.low) == Self.trace)
    #expect(hex(found?.span) == "00f067aa0ba902b7")
    // A later version may have more fields.
    #expect(traceparent("01-\(Self.trace)-00f067aa0ba902b7-01-what") == found)
    #expect(traceparent("00-\(Self.trace.uppercased())-00F067AA0BA902B7-01") == found)
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-00f067aa0ba902b7", "ff-\(trace)-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\(trace)-0000000000000000-01",
    "00-\(trace)x00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
  ])
  func `what is no traceparent gives nothing`(_ text: String) {
    #expect(traceparent(text) == nil)
  }

  @Test(arguments: [
    ("/1;o=1", "0000000000000001"), ("/18446744073709551615", "ffffffffffffffff"),
    ("/255;o=0", "00000000000000ff"), ("", nil), (";o=1", nil), ("/0", nil),
  ])
  func `the decimal span of Google's form becomes 16 hex digits`(_ rest: String, _ span: String?) {
    let found = cloudTrace(Self.trace + rest)
    #expect(hex(found?.high, found?.low) == Self.trace)
    #expect(hex(found?.span) == span)
  }

  @Test(arguments: ["/18446744073709551616", "/x", "/1x", "x", "/99999999999999999999999;o=1"])
  func `what is no cloud trace gives nothing`(_ rest: String) {
    #expect(cloudTrace(Self.trace + rest) == nil)
    #expect(cloudTrace("123" + rest) == nil)
  }

  @Test(arguments: [("problems", nil), ("all", 1), ("1/1", 1), ("1/100", 100)] as [(String, Int?)])
  func `LOG_CALLS says which calls leave a line`(_ text: String, _ every: Int?) {
    let sampling = CallSampling(text)
    #expect(sampling != nil && sampling?.every == every)
  }

  @Test(arguments: ["", "some", "2/3", "1/0", "1/-1", "1/x", "1/2/3"])
  func `any other LOG_CALLS is refused`(_ text: String) {
    #expect(CallSampling(text) == nil)
  }

  @Test func `what lines say in constant parts is what the values are called`() {
    for severity in Severity.allCases { #expect(severity.name.description == severity.rawValue) }
    let methods: [Method] = [
      .get, .head, .post, .put, .patch, .delete, .options, .other,
    ]
    for method in methods { #expect(method.name.description == method.rawValue) }
    let ranks = Severity.allCases
    #expect(zip(ranks, ranks.dropFirst()).allSatisfy { $0 < $1 })
  }
}
