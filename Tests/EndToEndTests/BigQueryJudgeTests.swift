// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// A second judge of what the loader writes: PyPI's bqemulator, read with Google's own client.
@Suite(.serialized) struct BigQueryJudgeTests {
  private static let isLong = ProcessInfo.processInfo.environment["PIXEL_TEST_ALL"] != nil
  /// What runs without a network of its own: the extension that bqemulator wants to download is on PyPI too.
  private static let packages = [
    "bqemulator==1.4.0", "duckdb==1.5.5", "duckdb-extension-spatial==1.5.5", "numpy",
    "google-cloud-bigquery",
  ]

  private func run(_ program: URL, _ arguments: [String]) throws -> (status: Int32, output: Data) {
    let process = Process()
    let output = Pipe()
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, data)
  }

  @Test(
    .enabled(if: isLong, "part of the long suites"),
    .enabled(if: PubSubEmulator.find("python3") != nil, "python3 is not installed"),
    .timeLimit(.minutes(6)))
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
    let (status, output) = try run(python, [script, loader])
    #expect(status == 0)
    let said = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
    #expect(said["problems"] as? [String] == [])
    #expect(said["rows"] as? Int == 23)
    #expect(said["types"] as? Int == 13)
  }
}
