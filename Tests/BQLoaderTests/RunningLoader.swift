// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import ServerSupport
import Settings
import Testing

@testable import BQLoader
@testable import FunctionRuntime

/// The loader as a service, on one or several loops, and whoever pushes to it.
final class RunningLoader: @unchecked Sendable {
  private let client = try? LoopThread()
  /// A file, since nobody reads a pipe before the end, and a full one would stop the loader.
  private let logs: URL
  private let logHandle: FileHandle
  let state: LoaderState
  private var members: [(thread: LoopThread, worker: Worker, server: HTTPServer, port: UInt16)] = []

  struct Push {
    var row: String
    var attributes: [String: String] = [:]
    var published = Date()
  }

  init(
    _ fake: FakeBigQuery, _ own: [String: String] = [:], workers: Int = 1, token: Bool = false,
    maxRequestBytes: Int? = nil
  ) throws {
    var environment = [
      "BIGQUERY_DATASET": "d", "PUSH_AUTH": "none", "GOOGLE_CLOUD_PROJECT": "p",
      "GCE_METADATA_HOST": fake.host, "PUBSUB_ENDPOINT": "http://\(fake.host)",
      "REQUEST_TIMEOUT": "5s",
    ]
    environment[token ? "BIGQUERY_ENDPOINT" : "BIGQUERY_EMULATOR_HOST"] = "http://\(fake.host)"
    environment.merge(own) { $1 }
    var reader = SettingsReader(environment: environment)
    let runtime = RuntimeSettings(&reader)
    var made = BQLoaderSettings(&reader)
    if let maxRequestBytes { made.maxRequestBytes = maxRequestBytes }
    let settings = made
    state = settings.state
    try reader.check()
    logs = FileManager.default.temporaryDirectory
      .appendingPathComponent("bq-loader-\(UUID().uuidString).log")
    try Data().write(to: logs)
    logHandle = try FileHandle(forWritingTo: logs)
    let logFile = logHandle.fileDescriptor
    for index in 0..<workers {
      let thread = try LoopThread()
      let made = thread.run { loop in
        let log = Log(loop: loop, format: .json, level: .info, service: "test", version: "0")
        log.descriptor = logFile
        let worker = Worker(
          index: index, loop: loop, log: log, settings: runtime, load: ProcessLoad(),
          userAgent: "test")
        let server = HTTPServer(worker, .messages(BQLoaderFunction.function(settings, worker)))
        return Result {
          (thread, worker, server, try server.listen(host: "127.0.0.1", port: 0))
        }
      }
      members.append(try made.get())
    }
  }

  /// Pushes all at once; the status of each, in order.
  func push(_ pushes: [Push], worker: Int = 0) -> [Int] {
    let port = members[worker].port
    guard let client, !pushes.isEmpty else { return [] }
    return client.wait { loop, done in
      let http = HTTPClient(loop: loop, userAgent: "test", maxConnections: 256)
      var statuses = [Int?](repeating: nil, count: pushes.count)
      for (index, push) in pushes.enumerated() {
        let request = OutgoingRequest(
          method: "POST", url: "http://127.0.0.1:\(port)/", body: Self.envelope(push))
        http.send(request) { result in
          statuses[index] = (try? result.get().status) ?? 0
          guard statuses.allSatisfy({ $0 != nil }) else { return }
          withExtendedLifetime(http) { done(statuses.compactMap { $0 }) }
        }
      }
    }
  }

  func push(_ rows: [String], worker: Int = 0) -> [Int] {
    push(rows.map { Push(row: $0) }, worker: worker)
  }

  private static func envelope(_ push: Push) -> [UInt8] {
    let message: [String: Any] = [
      "data": Data(push.row.utf8).base64EncodedString(), "messageId": "1",
      "attributes": push.attributes,
      "publishTime": ISO8601DateFormatter().string(from: push.published),
    ]
    let envelope: [String: Any] = [
      "message": message, "subscription": "projects/p/subscriptions/s",
    ]
    return (try? JSONSerialization.data(withJSONObject: envelope)).map { Array($0) } ?? []
  }

  /// Ends the loader; what it has logged.
  @discardableResult
  func stop() -> String {
    for member in members {
      let done = DispatchSemaphore(value: 0)
      member.thread.run { _ in
        member.worker.callCounters.report(member.worker.log)
        member.server.drain(timeout: .zero, cutOff: OutcomeResponses.draining) { done.signal() }
      }
      _ = done.wait(timeout: .now() + 5)
      member.thread.stop()
    }
    client?.stop()
    try? logHandle.close()
    defer { try? FileManager.default.removeItem(at: logs) }
    return (try? Data(contentsOf: logs)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

/// A row of a user on 2 January 2026.
func row(_ id: String, _ user: String = "u1", more: String = "") -> String {
  #"{"event_id":"\#(id)","event_time":"2026-01-02T03:04:05Z","user_id":"\#(user)"\#(more)}"#
}
