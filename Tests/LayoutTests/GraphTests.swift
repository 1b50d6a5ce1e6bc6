// SPDX-License-Identifier: MIT
import Foundation
import Testing

@Suite struct GraphTests {
  private func run(_ arguments: [String]) throws -> (status: Int32, text: String) {
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", package.path + "/scripts/dev/graph.py"] + arguments
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  @Test func `no module uses itself over others, nor do more than three files`() throws {
    let (status, text) = try run(["--check"])
    #expect(status == 0, "\(text)")
    // The server knows nothing of what it is used for.
    #expect(text.contains("\nHTTPServer -> Bytes, EventLoop\n"), "\(text)")
  }

  @Test func `circles of modules and of files are found`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("graph-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = [
      "Runtime/LogParse/A.swift": "import Other\nstruct A { let b: B }",
      "Runtime/LogParse/B.swift": "struct B { let c: C }",
      "Runtime/LogParse/C.swift": "struct C { func d() { self.added() } }",
      "Runtime/LogParse/D.swift": "extension C { func added() { _ = A.self } }",
      "Runtime/Other/E.swift": "import LogParse\n// import Bytes",
    ]
    for home in ["Runtime", "Functions", "scripts", "Tests"] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(home), withIntermediateDirectories: true)
    }
    for (path, text) in files {
      let file = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((text.replacing("{ func", with: "{\n  func") + "\n}\n").utf8).write(to: file)
    }
    let (status, text) = try run(["--check", "--package", folder.path])
    #expect(status == 1)
    #expect(text.contains("These modules use each other in a circle: LogParse, Other"), "\(text)")
    #expect(text.contains("LogParse: 4 files in a circle: A, B, C, D"), "\(text)")
  }
}
