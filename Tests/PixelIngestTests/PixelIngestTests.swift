// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

@testable import FunctionRuntime
@testable import PixelIngest

@Suite struct PixelIngestTests {
  private func send(_ text: String, to ingest: RunningIngest) throws -> RawClient.Answer {
    try ingest.send(text)
  }

  private func get(_ target: String, _ fields: String = "") -> String {
    "GET \(target) HTTP/1.1\r\nHost: t.example\r\n\(fields)\r\n"
  }

  @Test(arguments: [("/pixel.png", "image/png"), ("/pixel.gif", "image/gif")])
  func `the pixel is never stored and sets nothing in the browser`(
    _ path: String, _ type: String
  ) throws {
    let ingest = try RunningIngest(["INGEST_MODE": "log"])
    defer { ingest.stop() }
    let answer = try send(get(path + "?a=b"), to: ingest)
    #expect(answer.status == 200)
    #expect(answer.body == (type == "image/gif" ? Pixel.gif : Pixel.png))
    #expect(answer.fields["content-type"] == type)
    #expect(answer.fields["cache-control"] == "no-store")
    #expect(
      Set(answer.fields.keys) == [
        "content-type", "cache-control", "x-content-type-options", "content-length", "date",
        "cross-origin-resource-policy",
      ])
    // Else a page with Cross-Origin-Embedder-Policy sees an error, and sends the hit again.
    #expect(answer.fields["cross-origin-resource-policy"] == "cross-origin")
    let head = try send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n", to: ingest)
    #expect(head.status == 200)
    #expect(head.fields["content-length"] == "\(answer.body.count)")
    #expect(try ingest.entries().isEmpty)
  }

  @Test func `other paths and methods are no hits`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    for path in [
      "/", "/pixel.pn", "/pixel.pngs", "/PIXEL.PNG", "/pixel%2Epng", "/x/pixel.png", "*",
    ] {
      #expect(try send(get(path), to: ingest).status == 404)
    }
    for method in ["PUT", "DELETE", "OPTIONS", "BREW"] {
      let answer = try send(
        "\(method) /pixel.png HTTP/1.1\r\nHost: a\r\n\r\n", to: ingest)
      #expect(answer.status == 405)
      #expect(answer.fields["allow"]?.contains("GET") == true)
    }
    #expect(try ingest.entries().isEmpty)
  }

  @Test func `a hit is published as the log entry of its request before it is answered`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let query = "?user_id=u%201&t=\u{e9}\"\\"
    let answer = try send(
      get(
        "/pixel.png" + query,
        "User-Agent: Agent \"1\"\\\r\nReferer: https://r.example/?q=1\r\n"
          + "X-Forwarded-For: 203.0.113.1, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n"),
      to: ingest)
    #expect(answer.status == 200)
    let entry = try #require(try ingest.entries().first)
    #expect((entry["resource"] as? [String: Any])?["type"] as? String == "pixel_ingest")
    let id = try #require(entry["insertId"] as? String)
    #expect(id.count == 32 && id.allSatisfy { $0.isHexDigit })
    let request = try #require(entry["httpRequest"] as? [String: Any])
    #expect(request["requestMethod"] as? String == "GET")
    #expect(request["requestUrl"] as? String == "https://t.example/pixel.png" + query)
    #expect(request["status"] as? Int == 200)
    #expect(request["userAgent"] as? String == "Agent \"1\"\\")
    #expect(request["referer"] as? String == "https://r.example/?q=1")
    #expect(request["remoteIp"] as? String == "198.51.100.7")
    let time = try #require(entry["timestamp"] as? String)
    let format = ISO8601DateFormatter()
    format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    let date = try #require(format.date(from: time))
    #expect(abs(date.timeIntervalSinceNow) < 10)
    #expect(ingest.attributes() == [["logging.googleapis.com/timestamp": time]])
  }

  @Test func `a hit without a front end has the address of its connection`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    _ = try send(get("http://t.example:81/pixel.gif?a"), to: ingest)
    let request = try #require(try ingest.entries().first?["httpRequest"] as? [String: Any])
    #expect(request["requestUrl"] as? String == "http://t.example/pixel.gif?a")
    #expect(request["remoteIp"] as? String == "127.0.0.1")
    #expect(request["referer"] == nil)
    #expect(request["userAgent"] == nil)
  }

  @Test func `no two hits share an id`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let client = try RawClient(port: ingest.port)
    try client.send(String(repeating: get("/pixel.png"), count: 300))
    for _ in 0..<300 { #expect(try client.readAnswer().status == 200) }
    let ids = try ingest.entries().compactMap { $0["insertId"] as? String }
    #expect(ids.count == 300)
    #expect(Set(ids).count == 300)
  }

  @Test func `the paths of the pixel can be chosen`() throws {
    let ingest = try RunningIngest(["INGEST_MODE": "log", "PIXEL_PATHS": "/a,/b.gif"])
    defer { ingest.stop() }
    #expect(try send(get("/a"), to: ingest).body == Pixel.png)
    #expect(try send(get("/b.gif"), to: ingest).body == Pixel.gif)
    #expect(try send(get("/pixel.png"), to: ingest).status == 404)
  }
}
