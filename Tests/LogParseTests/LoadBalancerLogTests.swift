// SPDX-License-Identifier: MIT
import Envelopes
import Foundation
import LogParse
import TestSupport
import Testing

/// What becomes of each entry of a log as load balancers and Cloud Run write it.
@Suite struct LoadBalancerLogTests {
  private func lines() throws -> [[UInt8]] {
    try Data(contentsOf: Cases.made("lb-logs.jsonl")).split(separator: UInt8(ascii: "\n"))
      .map(Array.init)
  }

  @Test func `each line gets its verdict, and over half are rows`() throws {
    let leftAlone: [Int: LeftAlone] = [
      13: .path("/cgi-bin/luci/;stok=/locale"), 29: .path("/collect"), 35: .path("/ws"),
      38: .path("/"), 50: .path("/track"), 41: .noRequest, 42: .noRequest, 43: .noRequest,
      44: .noRequest, 53: .noRequest,
    ]
    let rejected: [Int: Reason] = [
      7: .missingRequired, 8: .missingRequired, 31: .missingRequired, 32: .missingRequired,
    ]
    var parser = try EventParser.shipped()
    var rows = 0
    for (index, line) in try lines().enumerated() {
      let number = index + 1
      let parsed = try parser.parse(line)
      #expect(parsed.leftAlone == leftAlone[number], "line \(number)")
      #expect(parsed.reason == rejected[number], "line \(number)")
      rows += parsed.isEvent ? 1 : 0
    }
    #expect(rows == 39)
  }

  @Test func `Foundation reads the same values from the entries`() throws {
    var parser = try EventParser.shipped()
    var compared = 0
    for (index, line) in try lines().enumerated() {
      let entry = try #require(
        try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      guard let request = entry["httpRequest"] as? [String: Any],
        let url = request["requestUrl"] as? String, let components = URLComponents(string: url)
      else { continue }
      let parsed = try parser.parse(line)
      guard parsed.isEvent else { continue }
      let number: Comment = "line \(index + 1)"
      let query = components.queryItems ?? []
      for name in ["type", "user_id"] {
        #expect(parsed[name] == query.first { $0.name == name }?.value, number)
      }
      #expect(parsed["request_path"] == components.path, number)
      #expect(parsed["host"] == components.host, number)
      #expect(parsed["user_agent"] == request["userAgent"] as? String, number)
      #expect(parsed["method"] == request["requestMethod"] as? String, number)
      #expect(parsed["status"] == request["status"].map { "\($0)" }, number)
      compared += 1
    }
    #expect(compared >= 35)
  }

  @Test(
    arguments: [
      (2, "user_id", "u1004"), (3, "user_id", ""), (15, "user_id", "u1012"),
      (18, "host", "[2001:db8::42]"), (18, "remote_ip", "2001:db8:85a3::8a2e:370:7334"),
      (20, "host", "track.example.com"), (22, "host", nil), (26, "user_id", "u:10/25 ../`x`"),
      (33, "status", nil), (34, "status", "0"), (40, "status", "200"),
      (47, "remote_ip", "198.51.100.251"), (48, "host", "198.51.100.80"), (52, "user_id", "u4001"),
      (52, "referer", nil), (52, "received_time", "2026-01-02T12:06:41.253570Z"),
      (39, "user_agent", nil),
    ] as [(Int, String, String?)])
  func `an unusual entry gives this value`(_ line: Int, _ column: String, _ value: String?) throws {
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(try lines()[line - 1])
    #expect(parsed.isEvent)
    #expect(parsed[column] == value)
  }

  @Test func `an entry that stops at any byte is rejected, never a crash and never a row`() throws {
    let line = try lines()[46]
    var parser = try EventParser.shipped()
    #expect(try parser.parse(line).isEvent)
    for count in 0..<line.count {
      #expect(try parser.parse(Array(line[..<count])).reason == .entryNotJSON, "\(count) bytes")
    }
  }

  @Test func `an entry with any byte damaged is still exactly one verdict`() throws {
    var parser = try EventParser.shipped()
    for line in try lines() where line.count < 1500 {
      for at in stride(from: 0, to: line.count, by: 7) {
        for byte in [0x00, 0x22, 0x5c, 0x7d, 0x25, 0xff] as [UInt8] {
          var damaged = line
          damaged[at] = byte
          _ = try parser.parse(damaged)
        }
      }
    }
  }
}
