// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// What nobody should send, sent to the running programs: each has its answer, and nothing ends or grows.
@Suite(.serialized) struct BadInputTests {
  static func envelope(_ data: String) -> String {
    let base64 = Data(data.utf8).base64EncodedString()
    return #"{"message":{"data":"\#(base64)","messageId":"1","attributes":{}},"subscription":"s"}"#
  }

  static func entry(_ url: String) -> String {
    let text = String(
      decoding: try! JSONEncoder().encode(url), as: UTF8.self)
    return envelope(
      """
      {"insertId":"x\(url.utf8.count)","timestamp":"2026-01-02T03:04:05Z",\
      "resource":{"type":"http_load_balancer"},\
      "httpRequest":{"requestMethod":"GET","requestUrl":\(text),"status":200}}
      """)
  }

  static let pixel = "https://t.example/pixel.png?type=x&user_id=bad"
  static let deep = String(repeating: "[", count: 100_000)

  /// Body, the status of LogParse, the status of BQLoader.
  static let bodies: [(name: String, body: String, parse: Int, loader: Int)] = [
    ("nothing", "", 400, 400),
    ("no JSON", "hello", 400, 400),
    ("no message", "{}", 400, 400),
    ("message is no object", #"{"message":1}"#, 400, 400),
    ("data is not base64", #"{"message":{"data":"a b c","messageId":"1"}}"#, 400, 400),
    ("cut JSON", #"{"message":{"data":"e30="#, 400, 400),
    ("deep envelope", deep, 400, 400),
    ("invalid UTF-8 is text to Swift", "{\"message\":{\"data\":\"\u{FFFD}\"}}", 400, 400),
    ("data is no JSON", envelope("hello"), 204, 204),
    ("neither data nor attributes", envelope(""), 400, 400),
    ("data is deep", envelope(deep), 204, 204),
    ("no httpRequest", envelope(#"{"insertId":"a","timestamp":"2026-01-02T03:04:05Z"}"#), 204, 204),
    ("a bad URL", entry("http://[::1/pixel.png?type=%zz%"), 204, 204),
    ("300 parameters", entry(pixel + (0..<300).map { "&p\($0)=\($0)" }.joined()), 204, 204),
    (
      "an 8 KB value", entry(pixel + "&page_title=" + String(repeating: "%C3%A9", count: 8192)),
      204, 204
    ),
  ]

  @Test(.timeLimit(.minutes(10)))
  func `each bad push has its documented answer`() throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    for (name, body, parse, loader) in Self.bodies {
      for (port, expected) in [(pipeline.ports.parse, parse), (pipeline.ports.loader, loader)] {
        let answer = fetch(
          "POST", "http://127.0.0.1:\(port)/", body: Array(body.utf8), on: pipeline.thread)
        #expect(answer?.status == expected, "\(name)")
      }
    }
    for port in [pipeline.ports.parse, pipeline.ports.loader] {
      let address = "http://127.0.0.1:\(port)/"
      #expect(fetch("GET", address, on: pipeline.thread)?.status == 405)
      let client = try RawClient(port: UInt16(port))
      try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(64 << 20)\r\n\r\n")
      #expect(try client.readAnswer().status == 413)
      // Half a request: nothing happens until its time is over, and others are served meanwhile.
      let half = try RawClient(port: UInt16(port))
      try half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"mess")
      #expect(fetch("GET", address + "health", on: pipeline.thread)?.status == 200)
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `memory is flat over thousands of bad pushes`() throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let address = "http://127.0.0.1:\(pipeline.ports.parse)/"
    let bad = Self.bodies.filter { $0.parse == 400 }
    func round() {
      for item in bad {
        _ = fetch("POST", address, body: Array(item.body.utf8), on: pipeline.thread)
      }
    }
    for _ in 0..<20 { round() }
    let before = try #require(pipeline.parse.residentBytes)
    for _ in 0..<200 { round() }
    let after = try #require(pipeline.parse.residentBytes)
    #expect(after < before + 4 << 20, "from \(before) to \(after) bytes")
  }
}
