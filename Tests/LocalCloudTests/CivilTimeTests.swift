// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import LocalCloud

@Suite struct CivilTimeTests {
  @Test func `dates agree with Foundation's over ten thousand years`() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    // Foundation changes to the Julian calendar before 1582.
    for step in 0..<3_000 {
      let seconds = -12_000_000_000 + Int64(step) * 86_400_013
      let civil = CivilTime(unixMicroseconds: seconds * 1_000_000 + 7)
      let parts = calendar.dateComponents(
        [.year, .month, .day, .hour, .minute, .second],
        from: Date(timeIntervalSince1970: TimeInterval(seconds)))
      #expect(civil.year == parts.year && civil.month == parts.month && civil.day == parts.day)
      #expect(civil.hour == parts.hour && civil.second == parts.second && civil.microsecond == 7)
      #expect(civil.unixMicroseconds == seconds * 1_000_000 + 7)
    }
  }

  @Test(arguments: [
    ("2026-01-02T03:04:05Z", 1_767_323_045_000_000),
    ("2026-01-02 03:04:05.678901234+01:00", 1_767_319_445_678_901),
    ("2026-01-02 03:04", 1_767_323_040_000_000), ("2026-01-02", 1_767_312_000_000_000),
    ("2026-1-2 3:4:5 UTC", 1_767_323_045_000_000), ("1969-12-31 23:59:59.5 -0", -500_000),
    ("2024-02-29T00:00:00z", 1_709_164_800_000_000), ("2026-01-02 UTC", 1_767_312_000_000_000),
  ])
  func `a timestamp is read in the forms that BigQuery takes`(_ text: String, _ moment: Int64)
    throws
  {
    #expect(try CivilTimeParser.timestamp(text) == moment)
  }

  @Test(arguments: [
    "", "abc", "1767323045", "2026-13-01", "2026-02-30", "2025-02-29 00:00:00",
    "2026-01-02T24:00:00",
    "2026-01-02 03:60", "2026-01-02 03:04:05.", "2026-01-02 03:04:05+25:00", "20260102",
    "2026-01-02T",
    "2026-01-02 03:04:05Zx", "26-01-02",
  ])
  func `a timestamp in another form is refused`(_ text: String) {
    #expect(throws: CivilTimeParser.Problem.malformed) { try CivilTimeParser.timestamp(text) }
  }

  @Test func `a zone that nobody knows is named`() {
    #expect(throws: CivilTimeParser.Problem.unknownZone("INVALID_TIME_ZONE")) {
      try CivilTimeParser.timestamp("2015-03-18 01:00:00 INVALID_TIME_ZONE")
    }
  }
}
