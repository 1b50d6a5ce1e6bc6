// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import ServerSupport
import Testing

@testable import Acceptance
@testable import LocalCloud

/// A cloud on a free port with a subscriber of its own, on a thread that ends with the test.
private final class RunningCloud: Sendable {
  let base: String
  let web: WebClient
  private let thread: LoopThread
  private let server: LoopBound<LocalCloudServer>
  private let subscriber: RunningServer

  /// `answer` gives the subscriber's status for the n-th push, from 1 on.
  init(_ scratch: Scratch, answer: @escaping (Int) -> Int) throws {
    var pushes = 0
    let subscriber = try RunningServer { _, call in
      pushes += 1
      call.reply(Response(status: answer(pushes)))
    }
    let port = subscriber.port
    var configuration = Configuration()
    configuration.folder = scratch.path
    configuration.templates = [.init(table: "pixel", columns: [Column("type", .string)])]
    configuration.pushes = [("pixel-logs", "http://127.0.0.1:\(port)/")]
    configuration.maximumAttempts = 5
    configuration.retry = RetryPolicy(minimum: .milliseconds(1), maximum: .milliseconds(2))
    thread = try LoopThread()
    let made = thread.run { [configuration] loop in
      Result {
        let server = LocalCloudServer(try LocalCloud(configuration, at: .now()), on: loop)
        return (LoopBound(server, of: loop), try server.start(host: "127.0.0.1", port: 0))
      }
    }
    let (server, ownPort) = try made.get()
    base = "http://127.0.0.1:\(ownPort)"
    web = try WebClient()
    self.server = server
    self.subscriber = subscriber
  }

  deinit {
    thread.stop()
    subscriber.stop()
  }

  var client: CloudClient { CloudClient(base, web: web) }

  func waitUntil(_ what: String, _ condition: (JSON) -> Bool) async throws -> JSON {
    for _ in 0..<1_000 {
      let state = try await client.get("/_local/state")
      if condition(state) { return state }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw GoogleError.internalError("waited in vain until \(what)")
  }
}

@Suite struct LocalCloudServerTests {
  private let scratch = Scratch()

  private func backlog(_ state: JSON) -> Int? {
    state["topics"]?.array?.first { $0["name"]?.string == "pixel-logs" }?["backlog"]?.integer
  }

  @Test func `a hit is pushed until the subscriber takes it`() async throws {
    let cloud = try RunningCloud(scratch) { $0 < 3 ? 503 : 204 }
    let image = try await cloud.web.send(
      OutgoingRequest(url: cloud.base + "/pixel.png?type=t", headers: ["X-Forwarded-For: 1.2.3.4"]))
    #expect(image.status == 200 && image.body == TransparentImage.png)
    #expect(image.header("cache-control") == "no-store")
    let state = try await cloud.waitUntil("the hit is acknowledged") { backlog($0) == 0 }
    let events = try await cloud.client.get("/_local/events")["events"]?.array ?? []
    #expect(events.map { $0["title"]?.string } == ["/pixel.png  type=t"])
    #expect(events.first?["verdict"]?.string == "done" && events.first?["road"]?.string == "bucket")
    #expect(state["rejections"]?["count"]?.integer == 0)
  }

  @Test func `a hit that nobody takes becomes a dead letter`() async throws {
    let cloud = try RunningCloud(scratch) { _ in 500 }
    _ = try await cloud.web.send(OutgoingRequest(method: "HEAD", url: cloud.base + "/pixel.gif"))
    let state = try await cloud.waitUntil("the hit is given up") { backlog($0) == 0 }
    #expect(state["rejections"]?["reasons"]?["dead_letter"]?.integer == 1)
  }

  @Test func `many pushes end while the subscriber refuses every third`() async throws {
    let cloud = try RunningCloud(scratch) { $0 % 3 == 0 ? 503 : 200 }
    let lines = (0..<500).map { #"{"n":\#($0)}"# }.joined(separator: "\n")
    _ = try await cloud.client.post("/_local/entries", Array(lines.utf8))
    _ = try await cloud.waitUntil("all are acknowledged") { backlog($0) == 0 }
  }

  @Test func `a fault that hangs leaves the client without an answer until it is off`()
    async throws
  {
    let cloud = try RunningCloud(scratch) { _ in 200 }
    func fault(_ mode: String) async throws {
      let body = #"{"service":"pubsub","mode":"\#(mode)","seconds":3600}"#
      _ = try await cloud.client.post("/_local/fault", Array(body.utf8))
    }
    var request = OutgoingRequest(url: cloud.base + "/v1/projects/local/topics")
    request.timeout = .milliseconds(300)
    try await fault("hang")
    let unanswered = try? await cloud.web.send(request)
    #expect(unanswered?.status == nil)
    try await fault("off")
    request.timeout = .seconds(30)
    #expect(try await cloud.web.send(request).status == 200)
  }

  @Test func `a body far beyond Google's limit gets Google's refusal`() async throws {
    let cloud = try RunningCloud(scratch) { _ in 200 }
    let answer = try await cloud.web.send(
      OutgoingRequest(
        method: "POST",
        url: cloud.base + "/bigquery/v2/projects/local/datasets/pixel/tables/pixel/insertAll",
        headers: ["Content-Type: application/json"],
        body: [UInt8](repeating: 0x20, count: 30_000_000)))
    #expect(answer.status == 413)
    #expect(answer.header("content-type")?.hasPrefix("text/html") == true)
  }
}
