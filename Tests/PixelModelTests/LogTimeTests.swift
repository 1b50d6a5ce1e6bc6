// SPDX-License-Identifier: MIT
import Bytes
import PixelModel
import Testing

/// When an entry's request came, as everything that identifies entries reads it.
@Suite struct LogTimeTests {
  private func time(_ members: String) throws -> String? {
    let bytes = Array("{\(members)}".utf8)
    return try LogEntry(bytes.span).time(in: bytes.span)?.description
  }

  @Test(arguments: [
    ("2026-11-20T03:04:05.123456789Z", "2026-11-20T03:04:05.123456789Z"),
    ("2026-11-20 03:04:05 UTC", "2026-11-20T03:04:05.000000000Z"),
    ("2026-11-20 03:04:05.123456 UTC", "2026-11-20T03:04:05.123456000Z"),
    ("2026-11-20 03:04:05.123456+00", "2026-11-20T03:04:05.123456000Z"),
    ("2026-11-20 03:04:05.123456+00:00", "2026-11-20T03:04:05.123456000Z"),
    ("2026-11-20 03:04:05.123456", "2026-11-20T03:04:05.123456000Z"),
    ("2026-11-20 05:04:05+02", "2026-11-20T03:04:05.000000000Z"),
    ("2026-11-20T03:04:05.5+0000", "2026-11-20T03:04:05.500000000Z"),
    ("2026-11-20\\u002003:04:05", "2026-11-20T03:04:05.000000000Z"),
  ])
  func `BigQuery's text of a time is read as Cloud Logging's`(_ text: String, _ utc: String) throws
  {
    #expect(try time(#""timestamp":"\#(text)""#) == utc)
    #expect(try time(#""receive_timestamp":"\#(text)""#) == utc)
    #expect(try time(#""timestamp":"soon","receiveTimestamp":"\#(text)""#) == utc)
  }

  @Test(arguments: [
    "", "soon", "2026-11-20", "2026-11-20 03:04", "2026-11-20 25:04:05", "1795143845",
    "2026-11-20 03:04:05 CET", "2026-11-20 03:04:05 UTC ", "20.11.2026 03:04:05",
  ])
  func `any other text is no time of an entry`(_ text: String) throws {
    #expect(try time(#""timestamp":"\#(text)""#) == nil)
    #expect(
      try time(#""timestamp":"\#(text)","receiveTimestamp":"2026-11-20T03:04:06Z""#)
        == "2026-11-20T03:04:06.000000000Z")
  }

  @Test func `a time that is no text is none`() throws {
    #expect(try time(#""timestamp":1795143845,"receiveTimestamp":null"#) == nil)
    #expect(try time("") == nil)
  }
}
