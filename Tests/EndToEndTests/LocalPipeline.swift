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
  let ingest: Program
  let parse: Program
  let loader: Program
  let ports: (cloud: Int, ingest: Int, parse: Int, loader: Int)

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
      "BIGQUERY_ENDPOINT": base,
    ]
    let logs = folder
    func program(_ name: String, _ port: Int, _ own: [String: String] = [:]) -> Program {
      Program(
        name, at: binaries.appendingPathComponent(name),
        environment: common.merging(own) { $1 }.merging(settings) { $1 }.merging(["PORT": "\(port)"]
        ) { $1 }, logs: logs)
    }
    ingest = program("pixel-ingest", ports.ingest)
    parse = program("log-parse", ports.parse, ["CONTRACT": contract])
    loader = program("bq-loader", ports.loader, ["BIGQUERY_DATASET": "pixel"])
    for program in [cloud, ingest, parse, loader] { try program.start() }
    try waitFor("\(base)/_local/state")
    for port in [ports.ingest, ports.parse, ports.loader] {
      try waitFor("http://127.0.0.1:\(port)/ready")
    }
  }

  private func waitFor(_ url: String) throws {
    try waitUntil("\(url) answers", within: 10) { fetch("GET", url, on: thread)?.status == 200 }
  }

  var rows: PipelineRows { PipelineRows(data: folder) }

  func stop() {
    for program in [ingest, parse, loader, cloud] { program.stop() }
    thread.stop()
    try? FileManager.default.removeItem(at: folder)
  }
}
