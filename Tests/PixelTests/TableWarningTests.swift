// SPDX-License-Identifier: MIT
import Testing

@testable import Pixel

@Suite struct TableWarningTests {
  private func sizes(_ count: Int, perDay: Int) throws -> [ListTables.Size] {
    let first = try #require(Day("2026-01-01"))
    return (0..<count).map {
      ListTables.Size(
        table: "t\($0)", day: first.adding($0 / perDay), rows: 1, buffered: 0, bytes: 1,
        expires: nil)
    }
  }

  @Test func `nothing is said below 800 tables`() throws {
    #expect(ListTables.warnings(try sizes(799, perDay: 10)).isEmpty)
  }

  @Test func `from 800 on the limit is named, and how many days a query can read`() throws {
    let lines = ListTables.warnings(try sizes(800, perDay: 300))
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("warning: 800 tables: from 1001 on"))
    #expect(lines[1] == "2026-01-01 has the most, 300: a query can read about 3 such days.")
  }

  @Test func `above 1,000 it says that a query fails`() throws {
    let lines = ListTables.warnings(try sizes(1_200, perDay: 1_200))
    #expect(lines[0].hasPrefix("warning: 1200 tables: a query over all of them fails"))
    #expect(lines[1].hasSuffix("a query can't read even that day."))
    #expect(ListTables.warnings(try sizes(1_000, perDay: 10))[0].contains("from 1001 on"))
  }

  @Test func `tables are moved a day at a time, and no statement names too many`() throws {
    let pattern = try SuffixPattern("_{user_id}_{date}")
    let many = (0..<1_001).map { "u\($0)_20260102" }
    let groups = MoveSQL.groups(many + ["u1_20260101", "Zo_20260101"], pattern)
    #expect(groups.map(\.suffixes.count) == [2, 500, 500, 1])
    #expect(groups[0].suffixes == ["Zo_20260101", "u1_20260101"])
    #expect(groups[0].day == Day("2026-01-01") && groups[0].end == Day("2026-01-02"))
    #expect(Set(groups.flatMap(\.suffixes)).count == 1_003)
  }

  @Test(arguments: [
    (["3", "2", "0", "2", "2"], true), (["3", "2", "0", "1", "1"], false),
    (["3", "2", "0", "3", "2"], false), (["3", "2", "1", "2", "2"], false),
    (["0", "0", "0", "0", "0"], true),
  ])
  func `a group is complete when each event is there once`(_ values: [String], _ complete: Bool)
    throws
  {
    #expect(try MoveSQL.Count(values).isComplete == complete)
  }

  @Test func `counts that BigQuery did not give are no counts`() {
    #expect(throws: Failure.self) { try MoveSQL.Count(["1", nil, "0", "1", "1"]) }
  }
}
