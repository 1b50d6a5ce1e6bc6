// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// A program that is running, with the log lines that it has written.
final class Running {
  private static let binary = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("pixel-ingest")
  let process = Process()
  private let output = Pipe()
  private let errors = Pipe()
  private(set) var lines: [[String: Any]] = []

  init(_ environment: [String: String], arguments: [String] = []) throws {
    process.executableURL = Self.binary
    process.arguments = arguments
    process.environment = environment
    process.standardOutput = output
    process.standardError = errors
    try process.run()
  }

  deinit { if process.isRunning { process.terminate() } }

  /// Reads log lines until one has this message.
  func line(_ message: String) throws -> [String: Any] {
    var text = ""
    while true {
      let piece = output.fileHandleForReading.readData(ofLength: 1)
      guard !piece.isEmpty else {
        throw RawClient.Failure(description: "no such line: \(message)")
      }
      text += String(decoding: piece, as: UTF8.self)
      guard text.hasSuffix("\n") else { continue }
      let line = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      lines.append(try #require(line))
      if line?["message"] as? String == message { return line ?? [:] }
      text = ""
    }
  }

  func port() throws -> UInt16 {
    UInt16(try #require(try line("Listening.")["port"] as? Int))
  }

  func exitCode() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  var errorText: String {
    String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
  var outputText: String {
    String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
}
