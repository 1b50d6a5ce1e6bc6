// SPDX-License-Identifier: MIT
import Foundation

/// Google's own Pub/Sub emulator, from the Cloud SDK.
struct PubSubEmulator {
  let port: Int
  private let process: Process

  static var isInstalled: Bool { find("gcloud") != nil }

  static func find(_ name: String) -> URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  init(logs: URL) throws {
    port = freePort()
    process = Process()
    guard let gcloud = Self.find("gcloud") else { throw Timeout(description: "no gcloud") }
    let data = logs.appendingPathComponent("emulator")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    process.executableURL = gcloud
    process.arguments = [
      "beta", "emulators", "pubsub", "start", "--host-port=127.0.0.1:\(port)",
      "--project=demo", "--data-dir=\(data.path)",
    ]
    let log = logs.appendingPathComponent("emulator.log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    process.standardOutput = try FileHandle(forWritingTo: log)
    process.standardError = process.standardOutput
    try process.run()
    do {
      try waitUntil("the Pub/Sub emulator listens", within: 60) {
        (try? String(contentsOf: log, encoding: .utf8))?.contains("Server started") ?? false
      }
    } catch {
      print((try? String(contentsOf: log, encoding: .utf8)) ?? "")
      stop()
      throw error
    }
  }

  /// gcloud starts a shell that starts Java; they are one process group, which Foundation makes.
  func stop() {
    kill(-process.processIdentifier, SIGTERM)
    Thread.sleep(forTimeInterval: 0.5)
    kill(-process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }
}
