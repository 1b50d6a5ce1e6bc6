// SPDX-License-Identifier: MIT
import Testing

@testable import Pixel

@Suite struct ExpiryTests {
  private let day = 86_400_000

  private func end(_ text: String) throws -> Day { try #require(Day(text)) }

  @Test func `a table goes so many days after its last one`() throws {
    let now = try end("2026-03-01").milliseconds
    let expiry = Expiry(days: 30)
    let wanted = try end("2026-03-16").milliseconds
    #expect(try expiry.verdict(end: end("2026-02-14"), current: nil, now: now) == .change(wanted))
    #expect(try expiry.verdict(end: end("2026-02-14"), current: wanted, now: now) == .same)
    #expect(try expiry.verdict(end: end("2026-02-14"), current: now, now: now) == .change(wanted))
  }

  @Test func `what is overdue gets a day, once`() throws {
    let now = try end("2026-03-01").milliseconds + 5_000
    let expiry = Expiry(days: 30)
    #expect(
      try expiry.verdict(end: end("2026-01-01"), current: nil, now: now) == .change(now + day))
    let later = now + 3_600_000
    #expect(try expiry.verdict(end: end("2026-01-01"), current: now + day, now: later) == .same)
  }

  @Test func `never takes an expiration away`() throws {
    #expect(
      try Expiry(days: nil).verdict(end: end("2026-01-01"), current: 5, now: 0) == .change(nil))
    #expect(try Expiry(days: nil).verdict(end: end("2026-01-01"), current: nil, now: 0) == .same)
  }
}
