// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import TestSupport
import Testing

@Suite struct TimestampTests {
  private func text(_ write: (inout ByteWriter) -> Void) -> String {
    var writer = ByteWriter()
    write(&writer)
    return writer.bytes.span.string
  }

  @Test(arguments: [
    ("2026-01-02T03:44:05.123456789Z", "2026-01-02T03:44:05.123456789Z"),
    ("2026-01-02T03:44:05Z", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02t03:44:05.1z", "2026-01-02T03:44:05.100000000Z"),
    ("2026-01-02T03:44:05.12345678901Z", "2026-01-02T03:44:05.123456789Z"),
    ("2026-01-02T03:44:05+05:30", "2026-01-01T22:14:05.000000000Z"),
    ("2025-12-31T23:59:59.999999999-00:01", "2026-01-01T00:00:59.999999999Z"),
    ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000000Z"),
    ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000000Z"),
    ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000000Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000000Z"),
    ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
  ])
  func `RFC 3339 is read and written in UTC`(_ written: String, _ utc: String) throws {
    #expect(try #require(Timestamp(rfc3339: written)).description == utc)
  }

  @Test(arguments: [
    "", "2026", "2026-01-02", "2026-01-02T03:44:05", "2026-01-02T03:44Z", "2026-01-02 03:44:05Z",
    "2026-1-2T03:44:05Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
    "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z", "2026-01-02T03:44:60Z", "2026-01-02T03:44:05.Z",
    "2026-01-02T03:44:05,1Z", "2026-01-02T03:44:05+0530", "2026-01-02T03:44:05+24:00",
    "2026-01-02T03:44:05ZZ", " 2026-01-02T03:44:05Z", "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "２026-01-02T03:44:05Z",
  ])
  func `what is not RFC 3339 is no time`(_ written: String) {
    #expect(Timestamp(rfc3339: written) == nil)
  }

  @Test func `Foundation's calendar agrees on random days`() throws {
    let formatter = ISO8601DateFormatter()
    var random = SeededRandom(7)
    for _ in 0..<2000 {
      // Foundation switches to the Julian calendar before 1582.
      let seconds = Int64.random(in: -12_000_000_000...253_402_300_799, using: &random)
      let time = try #require(Timestamp(seconds: seconds))
      let theirs = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
      #expect(time.description == theirs.dropLast() + ".000000000Z")
      #expect(Timestamp(rfc3339: theirs) == time)
    }
  }

  @Test func `every day of the calendar is the one after the day before`() throws {
    var time = try #require(Timestamp(rfc3339: "0001-01-01T00:00:00Z"))
    var before = time.date
    var days = 1
    while let next = Timestamp(seconds: time.seconds + 86_400) {
      let date = next.date
      #expect(
        (date.day == before.day + 1 && date.month == before.month)
          || (date.day == 1 && before.day >= 28))
      (time, before, days) = (next, date, days + 1)
    }
    #expect(days == 3_652_059)
    #expect(before == CalendarDate(year: 9999, month: 12, day: 31))
  }

  @Test func `each form that the pipeline writes`() throws {
    let time = try #require(Timestamp(rfc3339: "2026-01-02T03:44:05.123456789Z"))
    #expect(text { $0.append(compact: time) } == "20260102T034405.123456789Z")
    #expect(text { $0.append(bigQuery: time) } == "2026-01-02T03:44:05.123456Z")
    #expect(text { $0.append(compactDate: time.date) } == "20260102")
    let early = try #require(Timestamp(rfc3339: "0007-06-05T00:00:00.000000999Z"))
    #expect(text { $0.append(compact: early) } == "00070605T000000.000000999Z")
    #expect(text { $0.append(bigQuery: early) } == "0007-06-05T00:00:00.000000Z")
  }

  @Test func `times compare by when they are`() throws {
    let ordered = [
      "1969-12-31T23:59:59.1Z", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000001Z",
    ].compactMap { Timestamp(rfc3339: $0) }
    #expect(ordered.count == 3 && ordered == ordered.reversed().sorted())
  }

  @Test(arguments: [
    ("2026-01-02T03:44:05Z", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02 03:44:05", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02 03:44:05.25", "2026-01-02T03:44:05.250000000Z"),
    ("2026-01-02 03:44", "2026-01-02T03:44:00.000000000Z"),
    ("2026-01-02T03:44:05", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02 03:44:05 UTC", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02 03:44:05+01:00", "2026-01-02T02:44:05.000000000Z"),
    ("2026-01-02T03:44:05 01:00", "2026-01-02T02:44:05.000000000Z"),
    ("2026-01-02T03:44:05-01:00", "2026-01-02T04:44:05.000000000Z"),
    ("2026-01-02T03:44:05+0100", "2026-01-02T02:44:05.000000000Z"),
    ("2026-01-02T03:44:05.5-0730", "2026-01-02T11:14:05.500000000Z"),
    ("2026-01-02T03:44:05 0100", "2026-01-02T02:44:05.000000000Z"),
    ("2026-01-02 03:44:05 +0530", "2026-01-01T22:14:05.000000000Z"),
    ("2026-01-02 03:44:05 -05:30", "2026-01-02T09:14:05.000000000Z"),
    ("2026-01-02 03:44:05+00", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02 03:44:05-07", "2026-01-02T10:44:05.000000000Z"),
    ("2026-01-02 03:44:05+5:30", "2026-01-01T22:14:05.000000000Z"),
    ("2026-01-02 03:44:05-7", "2026-01-02T10:44:05.000000000Z"),
    ("2026-01-02 03:44:05z", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02 03:44:05 Z", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02 03:44:05 GMT", "2026-01-02T03:44:05.000000000Z"),
    ("2026-01-02 03:44+01", "2026-01-02T02:44:00.000000000Z"),
    ("2026-01-02", "2026-01-02T00:00:00.000000000Z"),
    ("0", "1970-01-01T00:00:00.000000000Z"),
    ("-1", "1969-12-31T23:59:59.000000000Z"),
    ("-0.5", "1969-12-31T23:59:59.500000000Z"),
    ("1767325445", "2026-01-02T03:44:05.000000000Z"),
    ("1767325445.5", "2026-01-02T03:44:05.500000000Z"),
    ("1767325445.123456789", "2026-01-02T03:44:05.123456789Z"),
    ("1767325445123", "2026-01-02T03:44:05.123000000Z"),
    ("1767325445123.4", "2026-01-02T03:44:05.123400000Z"),
    ("-1767325445123", "1913-12-30T20:15:54.877000000Z"),
    ("1767325445123456", "2026-01-02T03:44:05.123456000Z"),
    ("99999999999", "5138-11-16T09:46:39.000000000Z"),
    ("100000000000", "1973-03-03T09:46:40.000000000Z"),
    ("100000000000000", "1973-03-03T09:46:40.000000000Z"),
  ])
  func `a client's time is read`(_ written: String, _ utc: String) {
    let bytes = Array(written.utf8)
    let time = Timestamp(clientText: bytes.span, 0..<bytes.count)
    #expect(time?.description == utc)
  }

  @Test(arguments: [
    "", "-", ".", "now", "NaN", "1e9", "1767325445.", "100000000000000000", "999999999999999999999",
    "02.01.2026", "2026-01-02T", "2026-01-02 ", "2026-01-02 03:44:05 CET", "2026-01-02 3pm",
    "2026-01-02T03:44:05+", "2026-01-02T03:44:05+2400", "2026-01-02T03:44:05+0160",
    "2026-01-02T03:44:05+010", "2026-01-02T03:44:05+01000", "2026-01-02T03:44:05+01:0",
    "2026-01-02T03:44:05+1:", "2026-01-02T03:44:05 ", "2026-01-02 03:44:05 UTC+1",
    "2026-01-02 03:44:05UTC", "2026-01-02T03:44:05--01:00", "2026-01-02T03:44:05Z ",
    "2026-01-02x03:44:05Z", "1 ", "--1",
  ])
  func `what is no client's time is none`(_ written: String) {
    let bytes = Array(written.utf8)
    #expect(Timestamp(clientText: bytes.span, 0..<bytes.count) == nil)
  }
}
