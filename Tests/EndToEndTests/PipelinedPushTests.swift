// SPDX-License-Identifier: MIT
import Foundation
import HTTPServer
import ServerSupport
import Testing

/// The three programs with requests that come many at once on one connection, while what answers them is slow.
@Suite struct PipelinedPushTests {
  /// Pub/Sub, BigQuery and the metadata server, each after 20 ms.
  private static func cloud() throws -> RunningServer {
    try RunningServer { request, call in
      let body = request.body
      usleep(20_000)
      if request.path.hasSuffix(":publish") {
        let json = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        let count = (json?["messages"] as? [Any])?.count ?? 0
        let ids = (0..<count).map { "\"\($0)\"" }.joined(separator: ",")
        call.reply(Response(status: 200, body: Array(#"{"messageIds":[\#(ids)]}"#.utf8)))
      } else if request.path.hasSuffix("/insertAll") {
        call.reply(Response(status: 200, body: Array(#"{"kind":"x"}"#.utf8)))
      } else if request.path.hasSuffix("/token") {
        let text = #"{"access_token":"t","expires_in":3600}"#
        call.reply(
          Response(status: 200, headers: [("Metadata-Flavor", "Google")], body: Array(text.utf8)))
      } else {
        call.reply(Response(status: 200, body: Array("{}".utf8)))
      }
    }
  }

  private static func start(_ name: String, _ cloud: RunningServer, _ own: [String: String]) throws
    -> (program: RunningProgram, port: UInt16)
  {
    let base = "127.0.0.1:\(cloud.port)"
    let environment = [
      "HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json", "GOOGLE_CLOUD_PROJECT": "p",
      "GCE_METADATA_HOST": base, "PUBSUB_ENDPOINT": "http://\(base)",
      "BIGQUERY_ENDPOINT": "http://\(base)", "BIGQUERY_DATASET": "d", "FORWARDED_HOPS": "0",
      "CONTRACT": packageRoot.appendingPathComponent("infra/contracts/pixel.json").path,
      "PRIVACY_LIST": packageRoot.appendingPathComponent("infra/privacy.json").path,
    ]
    let program = try RunningProgram(name, environment.merging(own) { $1 })
    return (program, try program.port())
  }

  private static func entry(_ url: String) -> String {
    #"{"insertId":"\#(UUID().uuidString)","timestamp":"2026-01-02T03:04:05Z","resource":"#
      + #"{"type":"http_load_balancer"},"httpRequest":{"requestMethod":"GET","status":200,"#
      + #""requestUrl":"https://t.example.com\#(url)"}}"#
  }

  private static func push(_ data: String, token: String) -> String {
    let base64 = Data(data.utf8).base64EncodedString()
    let body = #"{"message":{"data":"\#(base64)","messageId":"1"},"subscription":"s"}"#
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      + "Authorization: Bearer \(token)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private static func statuses(_ port: UInt16, _ requests: [String]) throws -> [Int] {
    let client = try RawClient(port: port, timeout: 60)
    try client.send(requests.joined())
    return try requests.map { _ in try client.readAnswer().status }
  }

  /// What each stage is sent: rows and entries of every end, and pushes that are none.
  private static let stages: [(name: String, data: [String], statuses: [Int])] = [
    (
      "log-parse",
      [
        entry("/other"), entry("/other"), entry("/pixel.png?type=a"), "not JSON", entry("/other"),
        entry("/pixel.png?type=a&_test=1"), entry("/pixel.png"), entry("/other"),
      ], Array(repeating: 204, count: 8)
    ),
    (
      "bq-loader",
      [
        #"{"event_id":"e1","event_time":"2026-01-02T03:04:05Z"}"#, "not JSON", "{}", "not JSON",
        #"{"event_id":"e2","event_time":"2026-01-02T03:04:05Z"}"#, "[]",
      ], Array(repeating: 204, count: 6)
    ),
  ]

  @Test(
    .enabled(if: PushSigner.isAvailable, "no program openssl"),
    arguments: ["log-parse", "bq-loader"], ["oidc", "platform"])
  func
    `a stage survives pushes that arrive while keys are fetched, at its start and when they change`(
      _ name: String, _ mode: String
    ) throws
  {
    let stage = try #require(Self.stages.first { $0.name == name })
    let cloud = try Self.cloud()
    defer { cloud.stop() }
    let (first, second) = (try PushSigner(kid: "first"), try PushSigner(kid: "second"))
    let keys = try KeyServer([first], delay: .milliseconds(500))
    defer { keys.stop() }
    let (program, port) = try Self.start(name, cloud, keys.settings(mode))
    for signer in [first, second] {
      try keys.publish([signer])
      let token = try signer.token()
      let requests = stage.data.map { Self.push($0, token: token) }
      #expect(try Self.statuses(port, requests) == stage.statuses)
      #expect(program.process.isRunning)
    }
    #expect(keys.fetches == 2)
    program.process.terminate()
    #expect(program.exitCode() == 0)
  }

  @Test func `pixel-ingest answers all kinds of requests on one connection in their order`() throws
  {
    let cloud = try Self.cloud()
    defer { cloud.stop() }
    let (program, port) = try Self.start("pixel-ingest", cloud, [:])
    func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n" }
    func post(_ body: String) -> String {
      "POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    let round: [(String, Int)] = [
      (get("/pixel.png?type=a"), 200), (get("/p.js"), 200), (get("/pixel.gif?type=a"), 200),
      (post(#"{"type":"a"}"#), 204), (get("/health"), 200),
      (post(#"[{"type":"a"},{"type":"b"}]"#), 204),
      (get("/nothing"), 404), (post("{"), 400), (get("/pixel.png?type=a"), 200),
    ]
    let requests = Array(repeating: round, count: 5).flatMap { $0 }
    #expect(try Self.statuses(port, requests.map(\.0)) == requests.map(\.1))
    program.process.terminate()
    #expect(program.exitCode() == 0)
  }
}
