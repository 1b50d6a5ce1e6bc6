// SPDX-License-Identifier: MIT
import Foundation
import PixelModel
import Testing

@testable import Pixel

/// What Bash, Python and Swift each have to know is held to one of them.
@Suite struct OneFactTests {
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.package.appendingPathComponent(path), encoding: .utf8)
  }

  private func status(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.currentDirectoryURL = Self.package
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Good and bad patterns, of columns that the shipped contract has.
  static let patterns = [
    "", "_{user_id}_{date}", "_{bucket:user_id:16}_{date}", "_{date}", "_{month}", "_{hour}",
    "_{type}_{user_id}_{hour}", "_a1{user_id}", "_{bucket:user_id:2}", "_{bucket:user_id:1000}",
    "_{bucket:user_id:1}", "_{bucket:user_id:1001}", "_{bucket:user_id:}", "_{bucket:user_id}",
    "_{bucket:user_id:x}", "_{user_id", "_user_id}", "_{}", "_Z{date}", "_ {date}", "_-{date}",
    "_{user_id}{type}", "_{1a}_{date}", "_{user-id}_{date}", "_{user_id}_{date}_é",
  ]

  @Test(arguments: patterns)
  func `Bash and Python take the suffix patterns that the loader takes`(_ pattern: String) throws {
    let isGood = (try? TemplateSuffix(pattern: pattern)) != nil
    let bash = try status([
      "bash", "-c",
      """
      ROOT=$PWD TEMPLATE_SUFFIX=$1
      source infra/lib/settings-checks.sh
      wrong() { exit 1; }
      contract_files() { echo infra/contracts/pixel.json; }
      check_suffix
      """, "bash", pattern,
    ])
    #expect((bash == 0) == isGood, "Bash ends with \(bash)")
    // The estimate counts tables, and does not ask what stands between two columns.
    guard pattern != "_{user_id}{type}" else { return }
    let python = try status([
      "python3", "-c",
      "import sys; sys.path.insert(0, 'scripts'); from estimate.suffix import Suffix; Suffix.of(sys.argv[1], 10)",
      pattern,
    ])
    #expect((python == 0) == isGood, "Python ends with \(python)")
  }

  @Test func `tables are clustered alike, whoever makes them`() throws {
    let names = Move.clustering.map { "\"\($0)\"" }.joined(separator: ", ")
    #expect(try text("infra/parts/tables.sh").contains("(\(names))"))
    #expect(
      try text("infra/tables.md").contains(
        "--clustering_fields=\(Move.clustering.joined(separator: ",")) "))
  }

  @Test func `the marks of a suffix are the encoding's`() throws {
    #expect(SuffixPattern.empty == SuffixEncoding.empty)
    #expect("_\(SuffixPattern.overflow)" == SuffixEncoding.overflow)
    #expect(try text("infra/parts/tables.sh").contains(SuffixEncoding.empty))
  }
}
