// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient
import ServerSupport
import TestSupport
import Testing

/// The three programs against Google's own Pub/Sub emulator and LocalCloud's BigQuery.
@Suite(.serialized) struct EmulatorTests {
  static let hits = 10_000

  @Test(
    .enabled(if: PubSubEmulator.isInstalled, "gcloud with the Pub/Sub emulator is not installed"),
    .timeLimit(.minutes(10)))
  func `nothing accepted is lost when each program is killed in mid-stream`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-emulator-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try EmulatorRun(folder: folder)
    defer { run.stop() }

    let (accepted, notAccepted) = try run.sendHitsAndKill(Self.hits)
    #expect(accepted.count == Self.hits)
    // Only what was on its way when pixel-ingest died, and while it was away.
    #expect(notAccepted < 1000)

    var rows: [String: Set<String>] = [:]
    try waitUntil("every accepted order_id has a row", within: 180) {
      rows = try run.eventIDsByOrder()
      return accepted.allSatisfy { rows[$0] != nil }
    }
    let split = accepted.filter { rows[$0, default: []].count != 1 }
    #expect(split.isEmpty, "repeats of one hit have to share its event_id")
    print("\(accepted.count) accepted, \(notAccepted) not accepted, \(rows.count) orders in tables")
    try run.checkRecordedRequests()
  }
}

/// Everything that the test runs, in one folder.
final class EmulatorRun {
  private let folder: URL
  private let thread: LoopThread
  private let emulator: PubSubEmulator
  private let proxies: [RecordingProxy]
  private let records: [URL]
  private let cloud: Program
  private let ingest: Program
  private let parse: Program
  private let loader: Program
  private let ingestBase: String

  init(folder: URL) throws {
    self.folder = folder
    thread = try LoopThread()
    emulator = try PubSubEmulator(logs: folder)
    let contract = packageRoot.appendingPathComponent("infra/contracts/pixel.json").path
    let ports = (cloud: freePort(), ingest: freePort(), parse: freePort(), loader: freePort())
    cloud = Program(
      "local-cloud", at: binaries.appendingPathComponent("local-cloud"),
      arguments: [
        "serve", "--port", "\(ports.cloud)", "--project", "demo", "--data", folder.path,
        "--contract", contract,
      ], logs: folder)
    records = ["pubsub", "bigquery"].map { folder.appendingPathComponent("\($0).jsonl") }
    proxies = [
      try RecordingProxy(
        on: thread, target: "127.0.0.1:\(emulator.port)",
        realBase: "https://pubsub.googleapis.com", recordTo: records[0]),
      try RecordingProxy(
        on: thread, target: "127.0.0.1:\(ports.cloud)",
        realBase: "https://bigquery.googleapis.com", recordTo: records[1]),
    ]
    let common = [
      "HOST": "127.0.0.1", "PUSH_AUTH": "none", "LOG_FORMAT": "json",
      "GOOGLE_CLOUD_PROJECT": "demo", "PUBSUB_EMULATOR_HOST": "127.0.0.1:\(proxies[0].port)",
      "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:\(proxies[1].port)",
    ]
    func program(_ name: String, _ port: Int, _ own: [String: String] = [:]) -> Program {
      Program(
        name, at: binaries.appendingPathComponent(name),
        environment: common.merging(own) { $1 }.merging(["PORT": "\(port)"]) { $1 }, logs: folder)
    }
    ingest = program("pixel-ingest", ports.ingest)
    parse = program("log-parse", ports.parse, ["CONTRACT": contract])
    loader = program("bq-loader", ports.loader, ["BIGQUERY_DATASET": "pixel"])
    ingestBase = "http://127.0.0.1:\(ports.ingest)"
    for program in [cloud, ingest, parse, loader] { try program.start() }
    try makeTopics(parsePort: ports.parse, loaderPort: ports.loader)
    for port in [ports.ingest, ports.parse, ports.loader] {
      try waitUntil("a program is ready", within: 10) {
        status("GET", "http://127.0.0.1:\(port)/ready", nil) == 200
      }
    }
    try waitUntil("local-cloud is ready", within: 10) {
      status("GET", "http://127.0.0.1:\(ports.cloud)/_local/state", nil) == 200
    }
  }

  private func makeTopics(parsePort: Int, loaderPort: Int) throws {
    let base = "http://127.0.0.1:\(emulator.port)/v1/projects/demo"
    for topic in ["pixel-logs", "pixel-events", "pixel-rejected"] {
      #expect(status("PUT", "\(base)/topics/\(topic)", [:]) == 200)
    }
    for (topic, port) in [("pixel-logs", parsePort), ("pixel-events", loaderPort)] {
      let made = status(
        "PUT", "\(base)/subscriptions/\(topic)-push",
        [
          "topic": "projects/demo/topics/\(topic)",
          "pushConfig": ["pushEndpoint": "http://127.0.0.1:\(port)/"],
          "ackDeadlineSeconds": 60,
          "retryPolicy": ["minimumBackoff": "0.1s", "maximumBackoff": "2s"],
        ])
      #expect(made == 200)
    }
  }

  private func status(_ method: String, _ url: String, _ body: [String: Any]?) -> Int {
    let data = body.flatMap { try? JSONSerialization.data(withJSONObject: $0) } ?? Data()
    return fetch(method, url, body: Array(data), on: thread)?.status ?? 0
  }

  /// Sends hits; at a quarter, a half and three quarters of the way a program is killed and comes back.
  func sendHitsAndKill(_ wanted: Int) throws -> (accepted: Set<String>, notAccepted: Int) {
    var victims = [(wanted / 4, ingest), (wanted / 2, parse), (wanted * 3 / 4, loader)]
    return thread.wait { [ingestBase] loop, done in
      var sender: HitSender?
      sender = HitSender(
        loop: loop, base: ingestBase, wanted: wanted,
        onProgress: { count in
          guard let (at, program) = victims.first, count >= at else { return }
          victims.removeFirst()
          program.killNow()
          try? program.start()
        },
        done: {
          done((sender?.accepted ?? [], sender?.notAccepted ?? 0))
          sender = nil
        })
      sender?.fill()
    }
  }

  func eventIDsByOrder() throws -> [String: Set<String>] {
    try PipelineRows(data: folder).eventIDsByOrder()
  }

  /// Holds each recorded request against Google's API descriptions, where the checker is at hand.
  func checkRecordedRequests() throws {
    for proxy in proxies { #expect(try proxy.requestCount() > 10) }
    let checker = packageRoot.appendingPathComponent("Tests/Kits/fakegcp/check_requests.py")
    guard let python = PubSubEmulator.find("python3"), let descriptions = apiDescriptions else {
      let reason = "FAKEGCP_DESCRIPTIONS names no API descriptions"
      return print("SKIPPED the emulator's requests beside Google's API: \(reason)")
    }
    for record in records {
      let process = Process()
      let output = Pipe()
      process.executableURL = python
      process.arguments = [checker.path, "--descriptions", descriptions, record.path]
      process.standardOutput = output
      try process.run()
      let lines = String(
        decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      let refused = lines.split(separator: "\n").filter { $0.contains("\"ok\": false") }
      #expect(process.terminationStatus == 0, "\(refused.first ?? "")")
      print("\(record.lastPathComponent): \(lines.split(separator: "\n").count) requests accepted")
    }
  }

  func stop() {
    for program in [ingest, parse, loader, cloud] { program.stop() }
    emulator.stop()
    thread.stop()
  }
}
