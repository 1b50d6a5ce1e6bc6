// SPDX-License-Identifier: MIT
import Foundation
import LocalCloud

/// Log entries of all kinds, the same for the same seed, each with what has to become of it.
public struct GeneratedEntries {
  public enum Fate: Equatable, Sendable {
    case row
    case rejected(String)
    case leftAlone
    case test
  }

  private var random: SmallRandom
  private var count = 0
  /// Some of those before, to be sent once more.
  private var sent: [(line: [UInt8], fate: Fate)] = []

  public init(seed: UInt64) { random = SmallRandom(state: seed) }

  public mutating func next() -> (line: [UInt8], fate: Fate) {
    count += 1
    if !sent.isEmpty, random.below(50) == 0 { return sent[random.below(sent.count)] }
    let entry = random.below(20) == 0 ? strange() : hit()
    if sent.count < 100 { sent.append(entry) } else { sent[random.below(100)] = entry }
    return entry
  }

  // MARK: Hits

  private mutating func hit() -> (line: [UInt8], fate: Fate) {
    var (query, fate) = random.pick(Self.queries)
    query += "&user_id=\(random.pick(Self.users))&order_id=g\(count)"
    let isOwn = random.below(4) == 0
    if fate == .row, random.below(40) == 0 {
      query += "&_test=1"
      fate = .test
    }
    var payload: JSON = ["statusDetails": "response_from_cache", "cacheDecision": ["A", "B"]]
    if !isOwn, fate == .row, random.below(40) == 0 {
      payload = ["enforcedSecurityPolicy": ["outcome": "DENY", "name": "block"]]
      fate = .rejected("denied_by_security_policy")
    }
    let path = random.below(2) == 0 ? "/pixel.png" : "/pixel.gif"
    let url = random.pick(Self.origins) + path + "?" + query
    return (
      entry(url: url, method: random.pick(["GET", "GET", "GET", "HEAD", "POST"]), payload, isOwn),
      fate
    )
  }

  private mutating func entry(
    url: String, method: String, _ payload: JSON, _ isOwn: Bool
  ) -> [UInt8] {
    let isSnake = !isOwn && random.below(20) == 0
    func name(_ camelCase: String, _ snakeCase: String) -> String {
      isSnake ? snakeCase : camelCase
    }
    var request = JSON.Members()
    request[name("requestMethod", "request_method")] = .string(method)
    request[name("requestUrl", "request_url")] = .string(url)
    request[name("requestSize", "request_size")] =
      random.below(2) == 0 ? .string("\(random.below(900))") : JSON(random.below(900))
    // A visitor who left first has no status, or 0.
    switch random.below(10) {
    case 0: break
    case 1: request["status"] = 0
    case 2: request["status"] = "200"
    default: request["status"] = .number("\(random.pick([200, 200, 304, 404, 502]))")
    }
    if random.below(10) > 0 {
      request[name("userAgent", "user_agent")] = .string(random.pick(Self.agents))
    }
    request[name("remoteIp", "remote_ip")] = .string(random.pick(Self.addresses))
    if random.below(3) > 0 {
      request["referer"] = .string("https://shop.example.com/\(random.below(9))")
    }
    if random.below(2) == 0 { request[name("cacheHit", "cache_hit")] = true }

    var entry = JSON.Members()
    if random.below(50) > 0 { entry[name("insertId", "insert_id")] = .string(insertID()) }
    if !isOwn { entry[name("jsonPayload", "json_payload")] = payload }
    entry[name("httpRequest", "http_request")] = .object(request)
    let type = isOwn ? "pixel_ingest" : random.pick(Self.resources)
    entry["resource"] = ["type": .string(type), "labels": ["project_id": "p"]]
    let time = timestamp()
    if random.below(100) > 0 { entry["timestamp"] = .string(time) }
    entry[name("receiveTimestamp", "receive_timestamp")] = .string(time)
    entry["severity"] = random.below(20) == 0 ? 200 : "INFO"
    entry[name("logName", "log_name")] = "projects/p/logs/requests"
    return JSON.object(entry).bytes
  }

  private mutating func insertID() -> String {
    switch random.below(30) {
    case 0: "ä \(count)/\(random.next())"
    case 1: String(repeating: "i", count: 101) + "\(count)"
    default: String(random.next(), radix: 36) + "\(count)"
    }
  }

  private mutating func timestamp() -> String {
    func two(_ bound: Int) -> String {
      let text = "\(random.below(bound))"
      return text.count < 2 ? "0" + text : text
    }
    let day = random.below(3) + 1
    let fraction = random.below(5) == 0 ? "" : ".\(random.below(900_000_000) + 100_000_000)"
    return "2026-01-0\(day)T\(two(24)):\(two(60)):\(two(60))\(fraction)Z"
  }

  // MARK: What is no ordinary hit

  private mutating func strange() -> (line: [UInt8], fate: Fate) {
    let pixel = "https://t.example.com/pixel.png?type=t&order_id=g\(count)"
    switch random.below(13) {
    case 0:
      return (
        entry(url: "https://t.example.com/robots.txt?type=t", method: "GET", [:], false), .leftAlone
      )
    case 1:
      return (
        entry(url: pixel, method: random.pick(["OPTIONS", "PUT"]), [:], false), .leftAlone
      )
    case 2:
      return (
        Array(
          #"{"insertId":"\#(random.next())","protoPayload":{"@type":"audit"},"timestamp":"\#(timestamp())"}"#
            .utf8), .leftAlone
      )
    case 3:
      return (
        Array(#"{"textPayload":"line \#(count)","timestamp":"\#(timestamp())"}"#.utf8), .leftAlone
      )
    case 4:
      let whole = entry(url: pixel, method: "GET", [:], false)
      return (Array(whole.prefix(1 + random.below(whole.count - 1))), .rejected("entry_not_json"))
    case 5:
      let bytes = entry(url: pixel + "&page_title=X", method: "GET", [:], false)
      return (bytes.map { $0 == UInt8(ascii: "X") ? 0xff : $0 }, .rejected("entry_not_json"))
    case 6:
      let text = random.pick(["null", "[]", "hello", "\"text\"", "{\"a\":01}", "{}}"])
      return (Array("\(text) ".utf8) + Array("\(count)".utf8), .rejected("entry_not_json"))
    case 7:
      let deep = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
      return (Array(#"{"n":\#(count),"a":\#(deep)}"#.utf8), .rejected("entry_not_json"))
    case 8:
      let request = #"{"requestMethod":"GET","requestUrl":"\#(pixel)"}"#
      return (
        Array(#"{"insertId":"n\#(count)","timestamp":"yesterday","httpRequest":\#(request)}"#.utf8),
        .rejected("timestamp_missing")
      )
    case 9:
      return (
        Array(
          #"{"insertId":"o\#(count)","timestamp":"\#(timestamp())","resource":{"type":"pixel_ingest"}}"#
            .utf8), .rejected("request_url_missing")
      )
    case 10:
      let long = String(repeating: random.pick(["x", "%C3%A9", "+"]), count: random.below(4000))
      return (entry(url: pixel + "&page_title=" + long, method: "GET", [:], false), .row)
    case 11:
      return (entry(url: pixel, method: "", [:], false), .rejected("request_method_missing"))
    default:
      let many = (0..<random.below(300)).map { "&tags=\($0)&p\($0)=1" }.joined()
      return (entry(url: pixel + many, method: "GET", [:], false), .row)
    }
  }

  // MARK: Material

  private static let queries: [(String, Fate)] = [
    ("type=page_view&page_title=Home&page_url=https%3A%2F%2Fshop.example.com%2F", .row),
    ("type=search&page_title=Gr%C3%BC%C3%9Fe%2C+%E4%B8%96%E7%95%8C", .row),
    ("type=buy&value=12.50&quantity=3&currency=EUR&client_time=1767325445123", .row),
    ("type=buy&value=1e-12&quantity=%2B007&client_time=2026-01-02T03:04:05%2B01:00", .row),
    ("type=misfit&quantity=three&value=a.b&client_time=soon&properties=%7B", .row),
    ("type=list&tags=a;b;c&tags=d%3Be&tags=&properties=%7B%22a%22%3A%5B1%5D%7D", .row),
    ("type=broken&page_title=50%25+%zz+%&screen=%ff%fe%c3", .row),
    ("type=first&type=second&value=1&value=2", .row),
    ("type=forged&event_id=x&event_time=y&remote_ip=z&_unparsed=%7B%7D", .row),
    ("type=names&item.id=1&items[0].sku=2&%5B%5D=3&=4&&", .row),
    ("type=%74%79%70%65&%75ser_id=late", .row),
    ("page_title=no+type", .rejected("missing_required")),
    ("type=&page_title=empty", .rejected("missing_required")),
    ("type=" + String(repeating: "x", count: 65), .rejected("invalid_value")),
  ]

  private static let users = [
    "u1", "ada", "Zo%C3%AB", "o%27neil", "%F0%9F%A6%8A", "a%2Fb%3Ac", "user_1", "", "%00", "Z",
  ]
  private static let origins = [
    "https://t.example.com", "", "http://t.example.com:8080", "https://[2001:db8::1]:443",
    "https://u:p@t.example.com", "HTTPS://192.0.2.1",
  ]
  private static let agents = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "curl/8.5.0", "",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "a\"b\\c\u{1}",
  ]
  private static let addresses = [
    "203.0.113.9", "203.0.113.9:49194", "2001:db8::1", "[2001:db8::1]:443", "",
  ]
  private static let resources = [
    "http_load_balancer", "http_external_regional_lb_rule", "internal_http_lb_rule",
    "cloud_run_revision",
  ]
}

/// SplitMix64: small, and the same on every machine.
struct SmallRandom {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }

  /// 0 up to, and without, `bound`.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
}
