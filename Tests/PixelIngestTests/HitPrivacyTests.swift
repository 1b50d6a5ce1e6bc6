// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

@testable import PixelIngest

/// What leaves PixelIngest under a privacy signal, and without one.
@Suite struct HitPrivacyTests {
  private static let agent = "User-Agent: canary-agent"
  private static let address = "X-Forwarded-For: 203.0.113.66"

  /// A file that lists the personal columns, gone with the test.
  private func list(_ names: String...) throws -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json")
    try JSONSerialization.data(withJSONObject: ["personal": names]).write(to: file)
    return file.path
  }

  @Test(arguments: [
    ("", "Sec-GPC: 1", "gpc"), ("", "DNT: 1", "dnt"), ("&gpc=1", "X: 1", "gpc"),
    ("&consent=0", "X: 1", "consent"), ("&gpc=1", "DNT: 1", "gpc"),
    ("&consent=no", "DNT: 1", "dnt"),
  ])
  func `a signal empties what is personal, in hits and events`(
    _ parameter: String, _ field: String, _ signal: String
  ) throws {
    let file = try list("remote_ip", "user_agent", "email")
    defer { try? FileManager.default.removeItem(atPath: file) }
    let ingest = try RunningIngest(["PRIVACY_LIST": file, "ID_COOKIE": "id"])
    let cookie = "Cookie: id=0123456789abcdef0123456789abcdef"
    let target = "/pixel.gif?type=x&email=canary%40mail&e%6Dail=canary2&user_id=u1\(parameter)"
    let image = try ingest.get(target, field, Self.agent, Self.address, cookie)
    #expect(image.status == 200)
    #expect(image.fields["set-cookie"] == nil)
    let events = #"[{"type":"x","email":"canary"},{"type":"y","email":{"home":"canary"}}]"#
    let answer = try ingest.post(
      events, to: "/events?email=canary&user_id=u1\(parameter)", field, Self.agent, Self.address,
      cookie)
    #expect(answer.status == 204)
    #expect(answer.fields["set-cookie"] == nil)
    let published = try ingest.published()
    for personal in ["canary", "203.0.113", "0123456789abcdef", "visitor_id", "email"] {
      #expect(!published.contains(personal), "\(personal)")
    }
    let entries = try ingest.entries()
    #expect(entries.count == 3)
    for entry in entries {
      #expect(entry["labels"] as? [String: String] == ["privacy": signal])
      let request = try #require(entry["httpRequest"] as? [String: Any])
      #expect((request["requestUrl"] as? String)?.contains("user_id=u1") == true)
    }
    let log = try ingest.stopAndReadLog().joined()
    for personal in ["canary", "203.0.113", "0123456789abcdef", "u1"] {
      #expect(!log.contains(personal), "\(personal)")
    }
  }

  @Test func `without a signal all is kept`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    _ = try ingest.get(
      "/pixel.gif?email=a&gpc=0&consent=1", "Sec-GPC: 0", "DNT: 0", Self.agent, Self.address)
    let entry = try #require(try ingest.entries().first)
    #expect(entry["labels"] == nil)
    let request = try #require(entry["httpRequest"] as? [String: Any])
    #expect(request["userAgent"] as? String == "canary-agent")
    #expect(request["remoteIp"] as? String == "203.0.113.66")
  }

  @Test func `one event of many may say no for itself`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let body = #"[{"n":1},{"n":2,"gpc":1},{"n":3},{"n":4,"consent":false},{"n":5,"gpc":true}]"#
    #expect(try ingest.post(body, Self.agent, Self.address).status == 204)
    let signals = try ingest.entries().map { ($0["labels"] as? [String: String])?["privacy"] }
    #expect(signals == [nil, "gpc", nil, "consent", "gpc"])
    let agents = try ingest.entries().map {
      ($0["httpRequest"] as? [String: Any])?["userAgent"] != nil
    }
    #expect(agents == [true, false, true, false, false])
  }

  @Test func `with drop nothing is kept but a count`() throws {
    let ingest = try RunningIngest(["PRIVACY_SIGNALS": "drop"])
    #expect(try ingest.get("/pixel.gif?type=x", "Sec-GPC: 1").status == 200)
    #expect(try ingest.post(#"{"type":"x"}"#, "DNT: 1").status == 204)
    #expect(try ingest.post(#"[{"n":1,"gpc":1},{"n":2}]"#).status == 204)
    #expect(try ingest.urls() == ["http://t.example/events?n=2"])
    let log = try ingest.stopAndReadLog().joined()
    #expect(log.contains(#""reason":"dropped_gpc","count":2"#))
    #expect(log.contains(#""reason":"dropped_dnt","count":1"#))
  }

  @Test func `with ignore a signal changes nothing`() throws {
    let ingest = try RunningIngest(["PRIVACY_SIGNALS": "ignore"])
    defer { ingest.stop() }
    _ = try ingest.get("/pixel.gif?gpc=1", "Sec-GPC: 1", Self.agent)
    let entry = try #require(try ingest.entries().first)
    #expect(entry["labels"] == nil)
    #expect((entry["httpRequest"] as? [String: Any])?["userAgent"] as? String == "canary-agent")
  }

  @Test func `what is withheld is counted`() throws {
    let ingest = try RunningIngest()
    _ = try ingest.get("/pixel.gif", "Sec-GPC: 1")
    _ = try ingest.get("/pixel.gif", "DNT: 1")
    _ = try ingest.post(#"[{"gpc":1},{"gpc":1}]"#)
    let log = try ingest.stopAndReadLog().joined()
    #expect(log.contains(#""reason":"withheld_gpc","count":3"#))
    #expect(log.contains(#""reason":"withheld_dnt","count":1"#))
  }

  // MARK: Addresses

  /// Hops, fields, and the address: what the client claims on the left is never taken.
  @Test(arguments: [
    ("1", ["203.0.113.9"], "203.0.113.9"), ("1", ["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
    ("2", ["6.6.6.6, 203.0.113.9, 192.0.2.1"], "203.0.113.9"),
    ("2", ["203.0.113.9,192.0.2.1"], "203.0.113.9"), ("2", ["203.0.113.9"], "203.0.113.9"),
    ("1", ["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
    ("2", ["6.6.6.6, 203.0.113.9", "192.0.2.1"], "203.0.113.9"),
    ("1", ["6.6.6.6, , 203.0.113.9 , "], "203.0.113.9"), ("1", [""], "127.0.0.1"),
    ("1", [], "127.0.0.1"), ("0", ["6.6.6.6"], "127.0.0.1"),
    ("1", [String(repeating: "6.6.6.6,", count: 2000) + "203.0.113.9"], "203.0.113.9"),
    ("1", ["6.6.6.6, 2001:db8::9"], "2001:db8::9"),
  ])
  func `the address is counted from the right`(
    _ hops: String, _ fields: [String], _ expected: String
  ) throws {
    let ingest = try RunningIngest(["FORWARDED_HOPS": hops])
    defer { ingest.stop() }
    let lines = fields.map { "X-Forwarded-For: \($0)\r\n" }.joined()
    _ = try ingest.send("GET /pixel.gif HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
    let request = try ingest.entries().first?["httpRequest"] as? [String: Any]
    #expect(request?["remoteIp"] as? String == expected)
  }

  @Test(arguments: [
    ("keep", "203.0.113.66"), ("truncate", "203.0.113.0"), ("drop", nil),
  ])
  func `the address is published as the policy says`(_ policy: String, _ expected: String?) throws {
    let ingest = try RunningIngest(["IP_POLICY": policy])
    defer { ingest.stop() }
    _ = try ingest.get("/pixel.gif", Self.address)
    _ = try ingest.post(#"{"type":"x"}"#, Self.address)
    for entry in try ingest.entries() {
      #expect((entry["httpRequest"] as? [String: Any])?["remoteIp"] as? String == expected)
    }
  }

  // MARK: The cookie

  @Test func `a cookie with a random id is set once, and fills visitor_id before any parameter`()
    throws
  {
    let ingest = try RunningIngest(["ID_COOKIE": "pid", "ID_COOKIE_LIFETIME": "24h"])
    defer { ingest.stop() }
    let first = try ingest.get("/pixel.gif?visitor_id=forged")
    let cookie = try #require(first.fields["set-cookie"])
    let parts = try #require(
      cookie.wholeMatch(
        of: /pid=([0-9a-f]{32}); Max-Age=86400; Path=\/; Secure; HttpOnly; SameSite=Lax/))
    let again = try ingest.get("/pixel.gif", "Cookie: a=b; pid=\(parts.1); c=d")
    #expect(again.fields["set-cookie"] == nil)
    let posted = try ingest.post(#"{"type":"x"}"#, "Cookie: pid=\(parts.1)")
    #expect(posted.fields["set-cookie"] == nil)
    #expect(
      try ingest.urls() == [
        "http://t.example/pixel.gif?visitor_id=\(parts.1)&visitor_id=forged",
        "http://t.example/pixel.gif?visitor_id=\(parts.1)&",
        "http://t.example/events?visitor_id=\(parts.1)&type=x",
      ])
    #expect(try ingest.post(#"{"type":"x"}"#).fields["set-cookie"]?.hasPrefix("pid=") == true)
  }

  @Test(arguments: [
    "pid=short", "pid=0123456789ABCDEF0123456789ABCDEF", "xpid=0123456789abcdef0123456789abcdef",
    "pid=0123456789abcdef0123456789abcdefg", "pid", "", "; ;",
  ])
  func `a cookie that we did not make is replaced`(_ value: String) throws {
    let ingest = try RunningIngest(["ID_COOKIE": "pid"])
    defer { ingest.stop() }
    #expect(try ingest.get("/pixel.gif", "Cookie: \(value)").fields["set-cookie"] != nil)
  }

  @Test func `a cookie needs publish mode`() throws {
    let error = #expect(throws: (any Error).self) {
      try RunningIngest(["ID_COOKIE": "pid", "INGEST_MODE": "log"])
    }
    #expect("\(try #require(error))".hasPrefix("ID_COOKIE is set with INGEST_MODE=log"))
  }
}
