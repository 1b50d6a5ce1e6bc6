// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport

/// The example function as a running process, and what it says that it has received.
final class Echo {
  enum Takes: String, CaseIterable { case events, messages, rawBodies }

  let port: UInt16
  private let process = Process()
  private let output: URL
  private var read: UInt64 = 0

  init(_ takes: Takes, program: URL) throws {
    output = FileManager.default.temporaryDirectory
      .appendingPathComponent("event-echo-\(UUID().uuidString).log")
    _ = FileManager.default.createFile(atPath: output.path, contents: nil)
    process.executableURL = program
    process.environment = [
      "TAKES": takes == .events ? "events" : "messages",
      "RAW_BODIES": takes == .rawBodies ? "yes" : "no",
      "PUSH_AUTH": "none", "HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json",
    ]
    process.standardOutput = try FileHandle(forWritingTo: output)
    try process.run()
    var port: UInt16?
    var seen: UInt64 = 0
    let output = output
    _ = eventually {
      let lines = (try? Self.lines(of: output, from: &seen)) ?? []
      port = lines.lazy.compactMap { $0["port"] as? Int }.first.map { UInt16($0) } ?? port
      return port != nil
    }
    guard let port else { throw CaseError(description: "\(program.path) does not listen") }
    self.port = port
    read = seen
  }

  var isRunning: Bool { process.isRunning }

  /// What the function has received since the last time. It writes that before it answers.
  func received() throws -> [[String: Any]] {
    try Self.lines(of: output, from: &read).filter { $0["received"] != nil }
  }

  /// SIGTERM; the exit code.
  func stop() -> Int32 {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: output)
    return process.terminationStatus
  }

  /// The complete lines behind `offset`, which moves on.
  private static func lines(of file: URL, from offset: inout UInt64) throws -> [[String: Any]] {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    try handle.seek(toOffset: offset)
    guard let data = try handle.readToEnd(), let end = data.lastIndex(of: 0x0A) else { return [] }
    offset += UInt64(end + 1)
    return data[..<end].split(separator: 0x0A).compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0))) as? [String: Any]
    }
  }
}
