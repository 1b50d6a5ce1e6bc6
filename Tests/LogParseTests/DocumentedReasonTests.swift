// SPDX-License-Identifier: MIT
import Envelopes
import Foundation
import LogParse
import Testing

/// The tables in LogParse's README are the cases: each code, made by its example.
@Suite struct DocumentedReasonTests {
  /// The rows of the table whose first heading is this, as their cells without quotes.
  private func table(_ heading: String, columns: Int) throws -> [[String]] {
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = package.appendingPathComponent("Functions/LogParse/README.md")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    for (index, line) in lines.enumerated() where line.hasPrefix("| \(heading) |") {
      let cells = lines[(index + 2)...].prefix { $0.hasPrefix("|") }.map { row in
        row.dropFirst(2).dropLast(2).components(separatedBy: " | ")
      }
      if cells.first?.count == columns { return cells }
    }
    Issue.record("There is no table \(heading) with \(columns) columns.")
    return []
  }

  /// What stands in backquotes, with `x{65}` and `(ab){3}` written out.
  private func example(_ cell: String) -> String {
    var text = cell.trimmingCharacters(in: CharacterSet(charactersIn: "`"))
    while let match = text.firstMatch(of: /(?:\(([^()]*)\)|(.))\{([0-9]+)\}/) {
      let piece = String(match.1 ?? match.2 ?? "")
      text.replaceSubrange(
        match.range, with: String(repeating: piece, count: Int(match.3) ?? 0))
    }
    return text
  }

  private func parser() throws -> EventParser {
    EventParser(
      contracts: try EventParser.shipped().contracts, pixelPaths: ["/pixel.png"],
      names: ControlParameters(contract: "c"))
  }

  @Test func `each reason's example is rejected for it, and there are no others`() throws {
    let rows = try table("reason", columns: 3)
    var parser = try parser()
    for row in rows {
      let parsed = try parser.parse(Array(example(row[1]).utf8))
      #expect(parsed.reason?.rawValue == example(row[0]))
      #expect(row[2].count > 20)
      if let detail = parsed.detail {
        #expect(!detail.isEmpty && detail.utf8.count <= Rejection.maximumDetailBytes)
      }
    }
    #expect(Set(rows.map { example($0[0]) }) == Set(EventParser.reasons.map(\.rawValue)))
  }

  @Test func `each example of what is left alone is`() throws {
    let rows = try table("counted as", columns: 2)
    var parser = try parser()
    for row in rows {
      let parsed = try parser.parse(Array(example(row[1]).utf8))
      #expect(parsed.leftAlone?.label == example(row[0]))
    }
    #expect(rows.count == 3)
  }

  @Test func `each example of what is left out of a row is counted`() throws {
    let rows = try table("counted as", columns: 3)
    var parser = try parser()
    for row in rows {
      #expect(try parser.parse(query: example(row[2])).isEvent)
      #expect(parser.omitted.counts.map(\.code) == [example(row[0])])
    }
    #expect(rows.count == 5)
  }

  @Test func `each example of a JSON column in parts is what it says`() throws {
    let rows = try table("parameters", columns: 2)
    var parser = try EventParser.shipped()
    for row in rows {
      let parsed = try parser.parse(query: "type=t&" + example(row[0]))
      #expect(parsed["properties"] == row[1].trimmingCharacters(in: ["`"]))
    }
    #expect(rows.count == 5)
  }
}
