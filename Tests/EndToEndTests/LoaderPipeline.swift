// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient
import ServerSupport
import Testing

/// The loader behind LocalCloud's Pub/Sub, in front of its BigQuery; a test publishes rows and looks
/// what became of them.
final class LoaderPipeline {
  let folder: URL
  let thread: LoopThread
  let cloud: Program
  let loader: Program
  let base: String
  private let loaderPort: Int

  init(_ own: [String: String] = [:], contract: URL? = nil) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-loader-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    thread = try LoopThread()
    let port = freePort()
    loaderPort = freePort()
    base = "http://127.0.0.1:\(port)"
    let schema = contract ?? packageRoot.appendingPathComponent("infra/contracts/pixel.json")
    cloud = Program(
      "local-cloud", at: binaries.appendingPathComponent("local-cloud"),
      arguments: [
        "serve", "--port", "\(port)", "--data", folder.path, "--contract", schema.path,
        "--push", "pixel-events=http://127.0.0.1:\(loaderPort)/", "--require-token",
      ], logs: folder)
    let environment = [
      "HOST": "127.0.0.1", "PORT": "\(loaderPort)", "PUSH_AUTH": "none", "LOG_FORMAT": "json",
      "GCE_METADATA_HOST": "127.0.0.1:\(port)", "PUBSUB_ENDPOINT": base,
      "BIGQUERY_ENDPOINT": base, "BIGQUERY_DATASET": "pixel",
    ]
    loader = Program(
      "bq-loader", at: binaries.appendingPathComponent("bq-loader"),
      environment: environment.merging(own) { $1 }, logs: folder)
    try cloud.start()
    try waitUntil("LocalCloud answers", within: 20) {
      fetch("GET", "\(base)/_local/state", on: thread)?.status == 200
    }
    try startLoader()
  }

  func startLoader() throws {
    try loader.start()
    try waitUntil("the loader is ready", within: 20) {
      fetch("GET", "http://127.0.0.1:\(loaderPort)/ready", on: thread)?.status == 200
    }
  }

  /// `{"service":"bigquery","mode":…}` for LocalCloud.
  func fault(_ mode: String, seconds: Double, every: Int = 1) {
    let body =
      #"{"service":"bigquery","mode":"\#(mode)","seconds":\#(seconds),"every":\#(every)}"#
    let answer = fetch("POST", "\(base)/_local/fault", body: Array(body.utf8), on: thread)
    #expect(answer?.status == 200, "\(mode)")
  }

  /// Publishes one message per row, 100 a request.
  func publish(_ rows: [String]) {
    let token = fetch(
      "GET", "\(base)/computeMetadata/v1/instance/service-accounts/default/token", on: thread,
      headers: ["Metadata-Flavor: Google"])
    let object =
      try? JSONSerialization.jsonObject(with: Data(token?.body ?? [])) as? [String: Any]
    let bearer = "Authorization: Bearer \(object?["access_token"] as? String ?? "")"
    for start in stride(from: 0, to: rows.count, by: 100) {
      let messages = rows[start..<min(start + 100, rows.count)].map {
        #"{"data":"\#(Data($0.utf8).base64EncodedString())"}"#
      }
      let answer = fetch(
        "POST", "\(base)/v1/projects/local/topics/pixel-events:publish",
        body: Array(#"{"messages":[\#(messages.joined(separator: ","))]}"#.utf8), on: thread,
        headers: [bearer])
      #expect(answer?.status == 200)
    }
  }

  /// How many messages Pub/Sub still has.
  var backlog: Int {
    let body = fetch("GET", "\(base)/_local/state", on: thread)?.body ?? []
    let state = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    let topics = state?["topics"] as? [[String: Any]] ?? []
    return topics.filter { $0["name"] as? String == "pixel-events" }
      .compactMap { $0["backlog"] as? Int }.first ?? -1
  }

  func waitUntilSettled(within limit: TimeInterval = 60) throws {
    try waitUntil("all messages are acknowledged", within: limit) { backlog == 0 }
  }

  /// The rows of each table, without the template itself if it has none.
  func tables() throws -> [String: [[String: Any]]] {
    var tables: [String: [[String: Any]]] = [:]
    let data = folder.appendingPathComponent("bigquery/pixel")
    for file in (try? FileManager.default.contentsOfDirectory(atPath: data.path)) ?? []
    where file.hasSuffix(".ndjson") {
      let text = try Data(contentsOf: data.appendingPathComponent(file))
      let rows = text.split(separator: UInt8(ascii: "\n")).compactMap {
        try? JSONSerialization.jsonObject(with: $0) as? [String: Any]
      }
      if !rows.isEmpty { tables[String(file.dropLast(7))] = rows }
    }
    return tables
  }

  /// How often each event id is in a table.
  func eventCounts() throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for row in try tables().values.flatMap({ $0 }) {
      if let id = row["event_id"] as? String { counts[id, default: 0] += 1 }
    }
    return counts
  }

  /// What was kept as rejected: event id to reason.
  func rejections() -> [[String: Any]] {
    let body = fetch("GET", "\(base)/_local/rejections", on: thread)?.body ?? []
    let json = try? JSONSerialization.jsonObject(with: Data(body))
    return json as? [[String: Any]]
      ?? (json as? [String: Any])?["rejections"] as? [[String: Any]] ?? []
  }

  func stop() {
    loader.stop()
    cloud.stop()
    thread.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  static func row(_ id: String, user: String = "u1") -> String {
    #"{"event_id":"\#(id)","event_time":"2026-01-02T03:04:05Z","#
      + #""received_time":"2026-01-02T03:04:06Z","type":"t","user_id":"\#(user)"}"#
  }
}
