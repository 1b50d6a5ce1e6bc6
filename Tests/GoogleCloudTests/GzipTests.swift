// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import GoogleCloud

@Suite struct GzipTests {
  /// Debian's `gzip` is the judge.
  private func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc"]
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return [UInt8](data)
  }

  @Test func `what is compressed comes back, one body after the other`() throws {
    let gzip = try #require(Gzip(), "\(Gzip.problem ?? "")")
    var random = SystemRandomNumberGenerator()
    let noise = (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    let row = #"{"event_id":"20260102T034405.123456789Z-abc","user_id":"u1","page_title":"Home"},"#
    let rows = Array(String(repeating: row, count: 500).utf8)
    for body in [rows, noise, [], Array("x".utf8), rows] {
      let compressed = gzip.compress(body) ?? []
      let isSame = try gunzip(compressed) == body
      #expect(isSame)
    }
    let size = gzip.compress(rows)?.count ?? rows.count
    #expect(size * 5 < rows.count)
  }
}
