// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient
import ServerSupport
import Testing

/// Nothing that a visitor sends gets into a log line, whatever becomes of it.
@Suite(.serialized) struct LogSecrecyTests {
  private static let canary = "canaryX4711"

  /// Requests to PixelIngest, with the canary wherever a visitor can put something.
  private static let hits = [
    "type=t&user_id=\(canary)&page_title=\(canary)",
    "type=\(canary)&\(canary)=1&quantity=\(canary)",
    "type=t&_test=1&user_id=\(canary)&value=\(canary)", "_test=1&user_id=\(canary)",
    "user_id=\(canary)", "type=" + String(repeating: canary, count: 9), "type=t&tags=\(canary);%ff",
  ]

  /// Pushes of log entries that have it in their URL, agent, referrer, address, path and method.
  private static let entries = [
    entry("/pixel.png?type=t&user_id=\(canary)"), entry("/pixel.png?user_id=\(canary)"),
    entry("/pixel.png?type=t&_test=1&client_time=\(canary)"), entry("/\(canary)?type=t"),
    entry("/pixel.png?type=t", method: canary), entry("/pixel.png?type=t", time: canary),
    #"{"\#(canary)":"#, canary, #"{"textPayload":"\#(canary)"}"#,
    entry(
      "/pixel.png?type=t", more: #","jsonPayload":{"statusDetails":"denied_by_security_policy"}"#),
  ]

  private static func entry(
    _ url: String, method: String = "GET", time: String = "2026-01-02T03:04:05Z", more: String = ""
  ) -> String {
    """
    {"insertId":"i\(url.utf8.count)","timestamp":"\(time)","httpRequest":{"requestMethod":"\(method)",\
    "requestUrl":"\(url)","userAgent":"\(canary)","referer":"https://\(canary)/","remoteIp":"\(canary)"}\
    \(more)}
    """
  }

  /// What is pushed to the loader: rows that BigQuery refuses, and what is no row.
  private static let rows = [
    #"{"event_id":"a","event_time":"2026-01-02T03:04:05Z","type":"t","quantity":"\#(canary)"}"#,
    #"{"event_id":"b","event_time":"2026-01-02T03:04:05Z","type":"t","\#(canary)":"1"}"#,
    #"{"event_id":"c","event_time":"\#(canary)","type":"t","user_id":"\#(canary)"}"#,
    #"{"\#(canary)":1}"#, #"["\#(canary)"]"#, canary,
  ]

  @Test(.timeLimit(.minutes(10)))
  func `a canary never sings in a log`() throws {
    let pipeline = try LocalPipeline(settings: ["LOG_LEVEL": "debug", "LOG_CALLS": "all"])
    defer { pipeline.stop() }
    let canary = Self.canary
    func post(_ port: Int, _ body: String, query: String = "") -> Int? {
      fetch(
        "POST", "http://127.0.0.1:\(port)/\(query)", body: Array(body.utf8), on: pipeline.thread)?
        .status
    }
    for query in Self.hits {
      let request = OutgoingRequest(
        url: "http://127.0.0.1:\(pipeline.ports.ingest)/pixel.gif?\(query)",
        headers: [
          "User-Agent: \(canary)", "Referer: https://\(canary)/", "X-Forwarded-For: \(canary)",
          "Cookie: \(canary)=1",
        ])
      let status = pipeline.thread.wait { loop, done in
        let client = HTTPClient(loop: loop, userAgent: canary)
        client.send(request) { result in
          withExtendedLifetime(client) { done((try? result.get())?.status) }
        }
      }
      #expect(status == 200)
    }
    for entry in Self.entries {
      #expect(post(pipeline.ports.parse, BadInputTests.envelope(entry)) == 204, "\(entry)")
    }
    for row in Self.rows {
      #expect(post(pipeline.ports.loader, BadInputTests.envelope(row)) == 204, "\(row)")
    }
    for port in [pipeline.ports.parse, pipeline.ports.loader] {
      for body in [canary, #"{"\#(canary)":1}"#, #"{"message":{"data":"\#(canary)*"}}"#] {
        #expect(post(port, body, query: "?\(canary)=1") == 400)
      }
    }
    for program in [pipeline.ingest, pipeline.parse, pipeline.loader] { program.stop() }

    let base64 = (0..<3).map { shift in
      // Without the ends, which depend on what stands around it.
      String(
        Data((String(repeating: "x", count: shift) + canary).utf8).base64EncodedString()
          .dropFirst(4).dropLast(4))
    }
    for program in [pipeline.ingest, pipeline.parse, pipeline.loader] {
      let output = program.output.lowercased()
      #expect(!output.isEmpty && !output.contains(canary.lowercased()), "\(program.name)")
      for text in base64 { #expect(!program.output.contains(text), "\(program.name)") }
    }
    // What was to be found out has been logged.
    let parsed = pipeline.parse.output
    for word in [
      "missing_required", "invalid_value", "entry_not_json", "timestamp_missing", "other_path",
      "other_method", "no_request", "denied_by_security_policy", "malformed_envelope",
      "parameters_unknown", "values_misfit", "test_accepted", "test_rejected",
    ] {
      #expect(parsed.contains("\"\(word)\""), "\(word)")
    }
    #expect(pipeline.loader.output.contains("row_invalid"))
  }

  @Test(.timeLimit(.minutes(10)))
  func `a test hit is one line and nothing else`() throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let ingest = "http://127.0.0.1:\(pipeline.ports.ingest)/pixel.gif?"
    for query in ["type=t&order_id=a&_test=1&coupon=1", "order_id=b&_test=1&typ=t"] {
      #expect(fetch("GET", ingest + query, on: pipeline.thread)?.status == 200)
    }
    // Names that come often are in the minute's report, but not of visitors who have said no.
    for index in 0..<5 {
      let order = index < 4 ? "" : "&order_id=real"
      for query in ["type=t&quiet=1&gpc=1", "type=t&colour=red&once\(index)=1\(order)"] {
        #expect(fetch("GET", ingest + query, on: pipeline.thread)?.status == 200)
      }
    }
    try waitUntil("all hits that are no tests have a row", within: 20) {
      try pipeline.rows.all().count == 10
    }
    func lines(_ sentence: String) -> [String] {
      pipeline.parse.output.split(separator: "\n").map(String.init)
        .filter { $0.contains(sentence) }
    }
    try waitUntil("both tests are judged", within: 20) {
      lines("A test event was").count == 2
    }
    pipeline.parse.stop()
    let accepted = lines("A test event was accepted.")
    #expect(accepted.count == 1 && accepted[0].contains(#""contract":"pixel""#))
    let rejected = lines("A test event was rejected.")
    #expect(rejected.count == 1 && rejected[0].contains(#""reason":"missing_required""#))
    #expect(accepted[0].contains(#""dropped":"[\"coupon\"]""#))
    #expect(rejected[0].contains(#""dropped":"[\"typ\"]""#))
    let names = lines("Parameters that no column has, since the last report.")
    // The others: `quiet` and `gpc` of five visitors who have said no, and five names that came once.
    #expect(
      names.count == 1 && names[0].contains(#""names":"colour=5","other":15"#), "\(names)")
    #expect(rejected[0].contains("REQUIRED column type (STRING) has no value."))
    #expect(try pipeline.rows.eventIDsByOrder().keys.sorted() == ["real"])
    let rejections = try #require(
      fetch(
        "GET", "http://127.0.0.1:\(pipeline.ports.cloud)/_local/rejections", on: pipeline.thread))
    #expect(!String(decoding: rejections.body, as: UTF8.self).contains("_test"))
  }
}
