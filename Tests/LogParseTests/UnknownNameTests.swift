// SPDX-License-Identifier: MIT
import Bytes
import Testing

@testable import LogParse

/// Which parameters nobody has a column for.
@Suite struct UnknownNameTests {
  @Test func `the names of parameters without a column are known, each once`() throws {
    var parser = try EventParser.with("s STRING", "r RECORD {x STRING}")
    _ = try parser.parse(
      query: "coupon=A&s=1&coupon=B&r.y=2&page%5Fno=3&%22%2C=4&%FF=5&event_id=6&_test=0")
    #expect(
      parser.unknownNames(maximumBytes: 1000)
        == "[\"coupon\",\"r.y\",\"page_no\",\"\\\",\",\"\u{fffd}\",\"event_id\"]")
    #expect(parser.unknownNames(maximumBytes: 20) == #"["coupon","r.y"]"#)
    _ = try parser.parse(query: "s=1")
    #expect(parser.unknownNames(maximumBytes: 1000) == nil)
  }

  @Test func `a rejected hit has names too, and one that is left alone has none`() throws {
    var parser = try EventParser.with("type STRING REQUIRED")
    #expect(try parser.parse(query: "typ=view").reason == .missingRequired)
    #expect(parser.unknownNames(maximumBytes: 1000) == #"["typ"]"#)
    _ = try parser.parse(Array("{}".utf8))
    #expect(parser.unknownNames(maximumBytes: 1000) == nil)
  }

  @Test func `a name is cut at 100 bytes, between two characters`() throws {
    var parser = try EventParser.with("s STRING")
    let long = String(repeating: "é", count: 80)
    _ = try parser.parse(query: "\(long)=1")
    #expect(
      parser.unknownNames(maximumBytes: 1000) == "[\"\(String(repeating: "é", count: 50))\"]")
  }

  private func report(_ names: [(String, Int)]) -> (names: [String], others: Int) {
    let counts = UnknownNameCounts()
    for (name, count) in names {
      let bytes = Array(name.utf8)
      for _ in 0..<count { counts.count(bytes.span) }
    }
    let report = counts.take()
    #expect(counts.take().names.isEmpty)
    return (report.names.map { "\($0.name)=\($0.count)" }, report.others)
  }

  @Test func `a report has frequent plain names, the most frequent first`() {
    let result = report([
      ("b", 5), ("a", 5), ("z9_.x", 12), ("rare", 4), ("visitor@example.com", 9), ("9a", 9),
      ("", 9),
      ("_x", 9), ("with space", 9), ("é", 9), ("a[0]", 9), ("a-b", 9),
      (String(repeating: "n", count: 40), 6), (String(repeating: "n", count: 41), 6),
    ])
    #expect(result.names == ["z9_.x=12", String(repeating: "n", count: 40) + "=6", "a=5", "b=5"])
    #expect(result.others == 4 + 8 * 9 + 6)
  }

  @Test func `a report has 50 names, and made-up ones take no more memory`() {
    let result = report((0..<60).map { ("n\($0)", 60 - $0) })
    #expect(result.names.count == 50)
    #expect(result.others == (1...10).reduce(0, +))
    let flood = report((0..<2000).map { ("x\($0)", 5) })
    #expect(flood.names.count == 50)
    #expect(flood.others == 2000 * 5 - 250)
  }
}
