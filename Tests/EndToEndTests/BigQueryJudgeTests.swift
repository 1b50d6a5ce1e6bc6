// SPDX-License-Identifier: MIT
import Foundation
import TestSupport
import Testing

/// A second judge of what the loader writes: PyPI's bqemulator, read with Google's own client.
@Suite(.serialized) struct BigQueryJudgeTests {
  /// What runs without a network of its own: the extension that bqemulator wants to download is on PyPI too.
  private static let packages = [
    "bqemulator==1.4.0", "duckdb==1.5.5", "duckdb-extension-spatial==1.5.5", "numpy",
    "google-cloud-bigquery",
  ]

  private struct Ended {
    let status: Int32
    let output: Data
    /// The end of what it said on standard error.
    let said: String
  }

  private func run(_ program: URL, _ arguments: [String]) throws -> Ended {
    let process = Process()
    let output = Pipe()
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = output
    let errors = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-judge-errors-\(UUID().uuidString)")
    try Data().write(to: errors)
    defer { try? FileManager.default.removeItem(at: errors) }
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let said = String(decoding: try Data(contentsOf: errors), as: UTF8.self)
    return Ended(status: process.terminationStatus, output: data, said: String(said.suffix(2000)))
  }

  @Test(
    .partOfAll,
    .enabled(if: PubSubEmulator.find("python3") != nil, "python3 is not installed"),
    .timeLimit(.minutes(10)))
  func `rows with a value of every type are accepted and read back equal`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-judge-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let system = try #require(PubSubEmulator.find("python3"))
    #expect(try run(system, ["-m", "venv", folder.path]).status == 0)
    let python = folder.appendingPathComponent("bin/python")
    #expect(try run(python, ["-m", "pip", "install", "-q"] + Self.packages).status == 0)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("bigquery_judge.py").path
    let loader = binaries.appendingPathComponent("bq-loader").path
    let judged = try run(python, [script, loader])
    try #require(judged.status == 0, "\(judged.said)")
    let said = try #require(try JSONSerialization.jsonObject(with: judged.output) as? [String: Any])
    #expect(said["problems"] as? [String] == [])
    #expect(said["rows"] as? Int == 23)
    #expect(said["types"] as? Int == 13)
  }
}
