// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

@testable import EventLoop
@testable import PixelIngest

/// The other route: a hit that can't be published is a line for the log sink.
@Suite struct HitLineTests {
  private func lines(_ log: [String]) throws -> [[String: Any]] {
    try log.compactMap {
      let line = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      return line?["logging.googleapis.com/labels"] == nil ? nil : line
    }
  }

  @Test(arguments: ["/pixel.png", "/pixel.gif"])
  func `a hit that can't be published gets its image, and is a line`(_ path: String) throws {
    let ingest = try RunningIngest(["PUBLISH_TIMEOUT": "100ms"])
    ingest.setPubSub(status: 503)
    let answer = try ingest.get(
      "\(path)?type=x&q=%22\"", "User-Agent: a \"b\"", "X-Forwarded-For: 192.0.2.7")
    #expect(answer.status == 200)
    #expect(answer.body == (path.hasSuffix("gif") ? Pixel.gif : Pixel.png))
    #expect(answer.fields["cache-control"] == "no-store")
    #expect(try ingest.entries().isEmpty)
    let found = try lines(try ingest.stopAndReadLog())
    #expect(found.count == 1)
    let line = try #require(found.first)
    #expect(line["severity"] as? String == "INFO")
    #expect((line["logging.googleapis.com/insertId"] as? String)?.count == 32)
    #expect(line["logging.googleapis.com/labels"] as? [String: String] == ["pixel": "hit"])
    #expect((line["time"] as? String)?.hasSuffix("Z") == true)
    let request = try #require(line["httpRequest"] as? [String: Any])
    #expect(request["requestUrl"] as? String == "http://t.example\(path)?type=x&q=%22\"")
    #expect(request["userAgent"] as? String == "a \"b\"")
    #expect(request["remoteIp"] as? String == "192.0.2.7")
  }

  @Test func `the line holds nothing that is withheld`() throws {
    let ingest = try RunningIngest(["PUBLISH_TIMEOUT": "50ms"])
    ingest.setPubSub(status: 503)
    _ = try ingest.get(
      "/pixel.gif?type=x", "Sec-GPC: 1", "User-Agent: canary", "X-Forwarded-For: 192.0.2.7")
    let log = try ingest.stopAndReadLog()
    let line = try #require(try lines(log).first)
    #expect(
      line["logging.googleapis.com/labels"] as? [String: String]
        == ["pixel": "hit", "privacy": "gpc"])
    #expect(!log.joined().contains("canary") && !log.joined().contains("192.0.2"))
  }

  @Test func `the longest hit that is taken fits a line`() throws {
    let ingest = try RunningIngest(["PUBLISH_TIMEOUT": "50ms"])
    ingest.setPubSub(status: 503)
    // Bytes that are the longest in JSON.
    let client = try RawClient(port: ingest.port)
    try client.send(
      Array("GET /pixel.gif?".utf8) + Array(repeating: 0xFF, count: 24_000)
        + Array(" HTTP/1.1\r\nHost: a\r\nUser-Agent: ".utf8) + Array(repeating: 0x22, count: 7000)
        + Array("\r\n\r\n".utf8))
    #expect(try client.readAnswer().status == 200)
    let log = try ingest.stopAndReadLog()
    #expect(try lines(log).count == 1)
    #expect(log.allSatisfy { $0.utf8.count <= HitEntry.maximumLineBytes })
  }

  @Test func `while Pub/Sub is away hits do not wait for it, and one a second looks`() {
    var breaker = PublishBreaker()
    func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }
    func take(_ milliseconds: Int64) -> Bool { breaker.take(at: at(milliseconds)) }
    var taken = [take(0), take(1)]
    breaker.settled(false, at: at(2000))
    taken += [take(2000), take(2999), take(3000), take(3001), take(3999)]
    // Those that were on their way fail one after the other.
    breaker.settled(false, at: at(3500))
    taken += [take(4000)]
    breaker.settled(true, at: at(4100))
    taken += [take(4100), take(4101)]
    #expect(taken == [true, true, false, false, true, false, false, true, true, true])
  }
}
