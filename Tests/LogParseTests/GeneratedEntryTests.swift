// SPDX-License-Identifier: MIT
import Acceptance
import Bytes
import Foundation
import LogParse
import Testing

/// Entries of all kinds, by their thousands.
@Suite struct GeneratedEntryTests {
  /// More with `scripts/test.sh --all`; the whole pipeline then takes 100,000 of them.
  static let count =
    ProcessInfo.processInfo.environment["PIXEL_TEST_ALL"] == nil ? 1_000 : 20_000

  @Test func `each entry becomes what its kind has to become`() throws {
    var entries = GeneratedEntries(seed: 7)
    var parser = try EventParser.shipped()
    var row = ByteWriter()
    var seen: [String: Int] = [:]
    for _ in 0..<Self.count {
      let (line, expected) = entries.next()
      let fate: GeneratedEntries.Fate =
        switch parser.parse(line.span, into: &row) {
        case .event: .row
        case .leftAlone: .leftAlone
        case .rejected(let rejection): .rejected(rejection.reason.rawValue)
        case .test: .test
        }
      #expect(fate == expected, "\(line.span.string)")
      #expect((row.count > 0) == (fate == .row))
      seen["\(fate)", default: 0] += 1
    }
    // All kinds were there.
    #expect(seen.count == 10, "\(seen)")
  }

  @Test func `the same entries twice give the same bytes`() throws {
    func run() throws -> [UInt8] {
      var entries = GeneratedEntries(seed: 8)
      var parser = try EventParser.shipped()
      var row = ByteWriter()
      var all = ByteWriter()
      for _ in 0..<Self.count {
        let line = entries.next().line
        _ = parser.parse(line.span, into: &row)
        all.append(row.bytes.span)
        all.append(UInt8(ascii: "\n"))
      }
      return all.bytes
    }
    let first = try run()
    #expect(try run() == first)
    #expect(first.count > Self.count * 100)
  }
}
