// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// The lines that the built pixel-ingest leaves for calls.
@Suite struct CallLineTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  /// Runs the program, sends one request, ends it, and gives its call lines.
  private func callLines(
    _ environment: [String: String], _ request: String
  ) throws -> [[String: Any]] {
    let base = [
      "PORT": "0", "HOST": "127.0.0.1", "LOG_FORMAT": "json", "GOOGLE_CLOUD_PROJECT": "my-project",
    ]
    let program = try Running(base.merging(environment) { $1 })
    let client = try RawClient(port: try program.port())
    try client.send(request)
    _ = try client.readAnswer()
    program.process.terminate()
    _ = try program.line("Stopped.")
    #expect(program.exitCode() == 0)
    return program.lines.filter { $0["httpRequest"] != nil }
  }

  private func request(_ fields: String = "") -> String {
    "GET /pixel.gif?user_id=canary-user&type=x HTTP/1.1\r\nHost: a\r\n"
      + "User-Agent: canary-agent\r\nX-Forwarded-For: 192.0.2.77\r\n\(fields)\r\n"
  }

  @Test func `with LOG_CALLS=all a call's line says what was asked and answered, and no more`()
    throws
  {
    let lines = try callLines(
      ["INGEST_MODE": "log", "LOG_CALLS": "all"],
      request("traceparent: 00-\(Self.trace)-00f067aa0ba902b7-01\r\n"))
    let line = try #require(lines.first)
    #expect(lines.count == 1)
    #expect(line["severity"] as? String == "INFO")
    let call = try #require(line["httpRequest"] as? [String: Any])
    #expect(call["requestMethod"] as? String == "GET")
    #expect(call["requestUrl"] as? String == "/pixel.gif")
    #expect(call["status"] as? Int == 200)
    #expect(call["responseSize"] as? String == "37")
    let latency = try #require(call["latency"] as? String)
    #expect(latency.wholeMatch(of: /0\.\d{6}s/) != nil)
    #expect(
      line["logging.googleapis.com/trace"] as? String == "projects/my-project/traces/\(Self.trace)")
    #expect(line["logging.googleapis.com/spanId"] as? String == "00f067aa0ba902b7")
    let text = String(decoding: try JSONSerialization.data(withJSONObject: line), as: UTF8.self)
    for canary in ["canary", "192.0.2", "user_id"] { #expect(!text.contains(canary)) }
  }

  @Test func `a call that was done leaves no line unless asked for`() throws {
    #expect(try callLines(["INGEST_MODE": "log"], request()).isEmpty)
    #expect(try callLines(["INGEST_MODE": "log", "LOG_CALLS": "1/2"], request()).isEmpty)
  }

  @Test func `a POST that was not accepted leaves a line without what was sent`() throws {
    let body = #"{"type":"canary"}"#
    let lines = try callLines(
      ["PUBSUB_EMULATOR_HOST": "127.0.0.1:1", "PUBLISH_TIMEOUT": "50ms"],
      "POST /events?user_id=canary HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        + body)
    #expect(lines.count == 1)
    #expect(lines.first?["severity"] as? String == "ERROR")
    let call = try #require(lines.first?["httpRequest"] as? [String: Any])
    #expect(call["status"] as? Int == 503)
    #expect(call["requestUrl"] as? String == "/events")
    let text = String(
      decoding: try JSONSerialization.data(withJSONObject: lines), as: UTF8.self)
    #expect(!text.contains("canary"))
  }
}
