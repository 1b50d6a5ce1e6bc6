// SPDX-License-Identifier: MIT
import Testing

@testable import Pixel

@Suite struct SuffixPatternTests {
  @Test(arguments: [
    ("_{user_id}_{date}", "u1_20260102", "2026-01-02", "2026-01-03"),
    ("_{user_id}_{date}", "20250101_20260102", "2026-01-02", "2026-01-03"),
    ("_{user_id}_{date}", "Zo_20260102", "2026-01-02", "2026-01-03"),
    ("_{bucket:user_id:16}_{date}", "07_20261231", "2026-12-31", "2027-01-01"),
    ("_{date}", "20240228", "2024-02-28", "2024-02-29"),
    ("_{date}_{user_id}", "20260102_20250101", "2026-01-02", "2026-01-03"),
    ("_{date}_{user_id}", "Zo_20260102", "2026-01-02", "2026-01-03"),
    ("_{month}", "202612", "2026-12-01", "2027-01-01"),
    ("_{month}", "Zo_202612", "2026-12-01", "2027-01-01"),
    ("_{hour}_{user_id}", "Zo_2026010223", "2026-01-02", "2026-01-03"),
    ("_x_{hour}_{user_id}", "x_2026010223_u1", "2026-01-02", "2026-01-03"),
  ])
  func `a table's days come from where the pattern has the date`(
    _ pattern: String, _ suffix: String, _ day: String, _ end: String
  ) throws {
    let pattern = try SuffixPattern(pattern)
    #expect(pattern.day(of: suffix)?.description == day)
    #expect(pattern.end(of: suffix)?.description == end)
  }

  @Test(arguments: [
    ("_{user_id}_{date}", "u1_20261301"), ("_{user_id}_{date}", "u1_20260230"),
    ("_{user_id}_{date}", "Ze"), ("_{user_id}_{date}", "u1_Zn"),
    ("_{user_id}_{date}", "u1_2026010"),
    ("_{user_id}_{date}", "u1_٢٠٢٦٠١٠٢"), ("_{date}_{user_id}", "u1"), ("_{month}", "20260102"),
    ("_{month}", "Zo_20261215"), ("_{user_id}_{date}", "Zo"),
    ("_{user_id}", "20260102"), ("", "20260102"), ("_{user_id}_{date}", ""),
  ])
  func `a suffix without a date has no days`(_ pattern: String, _ suffix: String) throws {
    #expect(try SuffixPattern(pattern).day(of: suffix) == nil)
    #expect(try SuffixPattern(pattern).end(of: suffix) == nil)
  }

  @Test(arguments: [
    "{user_id}_{date}", "x{date}", "_x{date}", "_{date}_{month}", "_{date}{user_id}",
  ])
  func `a pattern whose tables can't be told by name is refused`(_ pattern: String) {
    #expect(throws: Failure.self) { try SuffixPattern(pattern) }
  }

  @Test(arguments: ["1969-12-31", "2026-02-29", "2026-1-02", "20260102", "", "2026-01-02-03"])
  func `what is no day is refused`(_ text: String) {
    #expect(Day(text) == nil)
  }

  @Test func `days count through leap years as the calendar does`() throws {
    let day = try #require(Day("2024-02-28"))
    #expect(day.adding(2).description == "2024-03-01")
    #expect(try #require(Day("2026-12-31")).nextMonth.description == "2027-01-01")
    #expect(day.milliseconds == 1_709_078_400_000)
  }
}
