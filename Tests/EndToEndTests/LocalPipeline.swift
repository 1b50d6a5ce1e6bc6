// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient
import ServerSupport
import Testing

/// The three programs with LocalCloud for everything Google, as `scripts/run-local.sh` starts them.
final class LocalPipeline {
  let folder: URL
  let thread: LoopThread
  let cloud: Program
  var ingest: Program
  var parse: Program
  var loader: Program
  let ports: (cloud: Int, ingest: Int, parse: Int, loader: Int)
  private let common: [String: String]

  /// - Parameter settings: What each program gets beside what it needs.
  init(settings: [String: String] = [:]) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-pipeline-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    thread = try LoopThread()
    ports = (freePort(), freePort(), freePort(), freePort())
    let contract = packageRoot.appendingPathComponent("infra/contracts/pixel.json").path
    let base = "http://127.0.0.1:\(ports.cloud)"
    cloud = Program(
      "local-cloud", at: binaries.appendingPathComponent("local-cloud"),
      arguments: [
        "serve", "--port", "\(ports.cloud)", "--data", folder.path, "--contract", contract,
        "--follow-log", folder.appendingPathComponent("pixel-ingest.log").path,
        "--push", "pixel-logs=http://127.0.0.1:\(ports.parse)/",
        "--push", "pixel-events=http://127.0.0.1:\(ports.loader)/",
      ], logs: folder)
    let common = [
      "HOST": "127.0.0.1", "PUSH_AUTH": "none", "LOG_FORMAT": "json",
      "GCE_METADATA_HOST": "127.0.0.1:\(ports.cloud)", "PUBSUB_ENDPOINT": base,
      "BIGQUERY_ENDPOINT": base, "BIGQUERY_DATASET": "pixel", "CONTRACT": contract,
    ].merging(settings) { $1 }
    self.common = common
    ingest = Self.program("pixel-ingest", ports.ingest, common, logs: folder)
    parse = Self.program("log-parse", ports.parse, common, logs: folder)
    loader = Self.program("bq-loader", ports.loader, common, logs: folder)
    for program in [cloud, ingest, parse, loader] { try program.start() }
    try waitFor("\(base)/_local/state")
    for port in [ports.ingest, ports.parse, ports.loader] {
      try waitFor("http://127.0.0.1:\(port)/ready")
    }
  }

  private func waitFor(_ url: String) throws {
    try waitUntil("\(url) answers", within: 10) { fetch("GET", url, on: thread)?.status == 200 }
  }

  private static func program(
    _ name: String, _ port: Int, _ settings: [String: String], logs: URL
  ) -> Program {
    Program(
      name, at: binaries.appendingPathComponent(name),
      environment: settings.merging(["PORT": "\(port)"]) { $1 }, logs: logs)
  }

  /// The next revision of a program at the same address: what comes meanwhile is refused.
  /// - Returns: The exit code of the one before.
  func replace(
    _ part: ReferenceWritableKeyPath<LocalPipeline, Program>, at port: Int,
    settings: [String: String]
  ) throws -> Int32 {
    let code = self[keyPath: part].stop()
    _ = try follow(part, at: port, settings: settings)
    return code
  }

  /// The next revision of a program beside the one that is there, which is returned.
  func follow(
    _ part: ReferenceWritableKeyPath<LocalPipeline, Program>, at port: Int,
    settings: [String: String]
  ) throws -> Program {
    let before = self[keyPath: part]
    self[keyPath: part] = Self.program(
      before.name, port, common.merging(settings) { $1 }, logs: folder)
    try self[keyPath: part].start()
    try waitFor("http://127.0.0.1:\(port)/ready")
    return before
  }

  var rows: PipelineRows { PipelineRows(data: folder) }

  func stop() {
    for program in [ingest, parse, loader, cloud] { program.stop() }
    thread.stop()
    try? FileManager.default.removeItem(at: folder)
  }
}
