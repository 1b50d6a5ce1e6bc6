// SPDX-License-Identifier: MIT
import Foundation
import TestSupport
import Testing

/// `scripts/run-local.sh --replay FILE`: every line of a file of log entries is accounted for.
@Suite(.serialized) struct ReplayTests {
  /// 100,000 with `scripts/test.sh --all`.
  static let count =
    ProcessInfo.processInfo.environment["PIXEL_TEST_ALL"] == nil ? 2_000 : 100_000

  private struct Result {
    let output: String
    /// The rows of each table, sorted: they come in as the pushes happen to.
    let rows: [String: [Substring]]
  }

  /// Replays the file into a folder of its own.
  private func replay(_ file: URL) throws -> Result {
    let folder = try TemporaryFolder()
    let script = packageRoot.appendingPathComponent("scripts/run-local.sh").path
    let shell = try Shell(
      "'\(script)' --replay '\(file.path)' --each --data data 2>errors", in: folder.url)
    let status = shell.end()
    let errors = try String(
      contentsOf: folder.url.appendingPathComponent("errors"), encoding: .utf8)
    #expect(status == 0, "\(errors.suffix(500)) \(shell.output.suffix(2000))")
    let tables = folder.url.appendingPathComponent("data/bigquery/pixel")
    var rows: [String: [Substring]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: tables.path)
    where name.hasSuffix(".ndjson") {
      let text = try String(contentsOf: tables.appendingPathComponent(name), encoding: .utf8)
      rows[name] = text.split(separator: "\n").sorted()
    }
    return Result(output: shell.output, rows: rows)
  }

  @Test(.timeLimit(.minutes(15)))
  func `generated entries are accounted for one by one, and twice the same`() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("entries.jsonl")
    let generator = binaries.appendingPathComponent("local-cloud").path
    let generate = "'\(generator)' generate --count \(Self.count) --seed 5"
    #expect(
      try Shell("\(generate) > entries.jsonl && \(generate) | cmp - entries.jsonl", in: folder.url)
        .end() == 0)

    let first = try replay(file)
    let lines = first.output.split(separator: "\n")
    for (index, line) in lines.prefix(Self.count).enumerated() {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      #expect(fields.count == 4 && fields[0] == "\(index + 1)")
      #expect(["row", "rejected", "left alone"].contains(fields[1]), "\(line)")
    }
    let kinds = Dictionary(grouping: lines.prefix(Self.count)) { $0.split(separator: "\t")[1] }
    let total = lines.first { $0.hasPrefix("read ") }?.split(separator: " ").last
    #expect(total == "\(Self.count)" && kinds.count == 3)
    #expect(lines.contains { $0.hasPrefix("unaccounted for") && $0.hasSuffix(" 0") })

    let second = try replay(file)
    #expect(second.output == first.output)
    #expect(second.rows == first.rows)
    #expect(first.rows.values.reduce(0) { $0 + $1.count } > Self.count / 2)
  }

  @Test(.timeLimit(.minutes(10)))
  func `the samples are accounted for`() throws {
    let result = try replay(Cases.made("lb-logs.jsonl"))
    let lines = result.output.split(separator: "\n").map(String.init)
    func count(_ name: String) -> String? {
      lines.first { $0.hasPrefix(name + " ") }?.split(separator: " ").last.map(String.init)
    }
    #expect(count("read") == "53" && count("rows") == "39")
    #expect(count("unaccounted for") == "0" && count("repeated rows") == "0")
  }
}
