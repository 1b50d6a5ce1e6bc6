// SPDX-License-Identifier: MIT
import Foundation

/// A shell command, run with the programs that the tests have.
final class Shell {
  private let process = Process()
  private let file: URL

  /// Starts it in this folder; its output goes to a file elsewhere, which is gone with the value.
  init(_ command: String, in folder: URL) throws {
    file = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-pipeline-output-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    let output = try FileHandle(forWritingTo: file)
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["PIXEL_BINARIES": binaries.path]) { $1 }
    process.standardOutput = output
    process.standardError = output
    // Swift's threads block signals, and a shell that inherits that could not be stopped.
    var (none, before) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
  }

  deinit { try? FileManager.default.removeItem(at: file) }

  var output: String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
  var isRunning: Bool { process.isRunning }

  /// Waits for its end; the exit code.
  func end() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// SIGTERM, and waits for its end.
  @discardableResult
  func stop() -> Int32 {
    if process.isRunning { process.terminate() }
    return end()
  }
}

/// A folder that is gone with the value.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("pixel-pipeline-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
