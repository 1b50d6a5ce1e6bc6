// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

@testable import PixelIngest

/// The table of bad input in PixelIngest's README, each request sent as it stands there.
@Suite struct BadInputTableTests {
  private struct Case {
    let text: String
    let request: [UInt8]
    let status: Int
    let reason: String?
  }

  private static func cases() throws -> [Case] {
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = package.appendingPathComponent("Functions/PixelIngest/README.md")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let start = try #require(lines.firstIndex { $0.hasPrefix("| what | request |") })
    return try lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
      let cells = line.dropFirst(2).dropLast(2).components(separatedBy: " | ")
      try #require(cells.count == 4, "\(line)")
      let answer = cells[2].split(separator: " ")
      return Case(
        text: cells[1], request: request(cells[1].trimmingCharacters(in: ["`"])),
        status: Int(answer[0]) ?? 0,
        reason: answer.count > 1 ? answer[1].trimmingCharacters(in: ["`"]) : nil)
    }
  }

  /// `GET /target with Field: value`, or `POST body with Field: value`; a target other than `/events` stands
  /// before the body.
  private static func request(_ text: String) -> [UInt8] {
    let parts = text.components(separatedBy: " with ")
    let space = parts[0].firstIndex(of: " ") ?? parts[0].endIndex
    let method = parts[0][..<space]
    var rest = parts[0][space...].drop { $0 == " " }
    var target = "/events"
    if rest.hasPrefix("/") {
      let end = rest.firstIndex(of: " ") ?? rest.endIndex
      target = String(rest[..<end])
      rest = rest[end...].dropFirst()
    }
    let body = bytes(String(rest))
    var request = Array("\(method) ".utf8) + bytes(target) + Array(" HTTP/1.1\r\nHost: a\r\n".utf8)
    if parts.count > 1 { request += bytes(parts[1]) + [0x0D, 0x0A] }
    if method == "POST" { request += Array("Content-Length: \(body.count)\r\n".utf8) }
    return request + [0x0D, 0x0A] + body
  }

  /// `x{9}` and `(ab){9}` written out, and `\xFF` as its byte.
  private static func bytes(_ text: String) -> [UInt8] {
    var text = text
    while let match = text.firstMatch(of: /(?:\(([^()]*)\)|(.))\{([0-9]+)\}/) {
      let piece = String(match.1 ?? match.2 ?? "")
      text.replaceSubrange(match.range, with: String(repeating: piece, count: Int(match.3) ?? 0))
    }
    let pieces = text.components(separatedBy: #"\x"#)
    return pieces.dropFirst().reduce(Array(pieces[0].utf8)) { bytes, piece in
      bytes + [UInt8(piece.prefix(2), radix: 16) ?? 0] + Array(piece.dropFirst(2).utf8)
    }
  }

  @Test func `each request has the answer that stands beside it`() throws {
    let ingest = try RunningIngest(["ID_COOKIE": "id", "PRIVACY_SIGNALS": "ignore"])
    let cases = try Self.cases()
    #expect(cases.count > 30)
    for each in cases {
      let client = try RawClient(port: ingest.port)
      // The answer may come before all is sent.
      _ = try? client.send(each.request)
      let answer = try client.readAnswer()
      #expect(answer.status == each.status, "\(each.text)")
      if let reason = each.reason {
        #expect(answer.text.contains(#""reason":"\#(reason)""#), "\(each.text): \(answer.text)")
      }
      // The only cookie is our own.
      let cookie = answer.fields["set-cookie"] ?? "id=\(String(repeating: "0", count: 32));"
      #expect(cookie.firstMatch(of: /^id=[0-9a-f]{32};/) != nil, "\(each.text)")
      #expect(!answer.fields.values.contains { $0.contains("b=1") || $0.contains("6.6.6.6") })
      #expect(try ingest.get("/health").status == 200, "\(each.text)")
    }
    let addresses = try ingest.entries().compactMap {
      ($0["httpRequest"] as? [String: Any])?["remoteIp"] as? String
    }
    #expect(Set(addresses) == ["127.0.0.1", "203.0.113.9"])
    let log = try ingest.stopAndReadLog().joined(separator: "\n")
    for sent in [
      "Set-Cookie", "b=1", "6.6.6.6", "203.0.113.9", "nine", "script", "__proto__", "pixel.gif?",
    ] {
      #expect(!log.contains(sent), "\(sent)")
    }
  }
}
