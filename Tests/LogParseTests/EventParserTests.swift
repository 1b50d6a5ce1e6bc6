// SPDX-License-Identifier: MIT
import Bytes
import LogParse
import PixelModel
import Testing

@Suite struct EventParserTests {
  private func own(_ request: String, time: String = "2026-01-02T03:44:05Z") -> [UInt8] {
    Array(
      #"{"insertId":"x","timestamp":"\#(time)","resource":{"type":"pixel_ingest"}\#(request)}"#.utf8
    )
  }

  @Test func `a row is the contract's columns in order, those without a value left out`() throws {
    var parser = try EventParser.with(
      "type STRING REQUIRED", "empty STRING", "value NUMERIC", "host STRING", "status INTEGER",
      "cache_hit BOOLEAN", "received_time TIMESTAMP", "method STRING", "request_path STRING",
      "user_agent STRING", "referer STRING", "remote_ip STRING", "log_name STRING",
      "contract_version STRING", "bot BOOLEAN", "country STRING", "tags STRING REPEATED")
    let parsed = try parser.parse(
      entry(
        url: "https://u:p@t.example.com:8443/pixel.png?tags=a;b&value=12.50&type=a%22b&x=y#z",
        request:
          #","status":200,"userAgent":"a\"b","remoteIp":"192.0.2.1:99","referer":"https:\/\/r","cacheHit":true"#,
        more: #","receiveTimestamp":"2026-01-02T03:44:06+01:00","logName":"projects/p/logs/l""#))
    #expect(
      parsed.text == """
        {"event_id":"20260102T034405.123456789Z-abc","event_time":"2026-01-02T03:44:05.123456Z",\
        "type":"a\\"b","value":"12.50","host":"t.example.com","status":"200","cache_hit":true,\
        "received_time":"2026-01-02T02:44:06.000000Z","method":"GET","request_path":"/pixel.png",\
        "user_agent":"a\\"b","referer":"https://r","remote_ip":"192.0.2.1",\
        "log_name":"projects/p/logs/l","contract_version":"\(parser.contracts.all[0].version)",\
        "bot":false,"tags":["a","b"]}
        """)
  }

  @Test func `the same entry always gives the same bytes, whatever came before it`() throws {
    var used = try EventParser.shipped()
    for query in ["type=a&tags=1;2;3&client_time=x&value=y", "", "user_id=%ff&type=b"] {
      _ = try used.parse(query: query)
    }
    var fresh = try EventParser.shipped()
    #expect(try used.parse(query: "type=c").text == fresh.parse(query: "type=c").text)
  }

  // MARK: What counts

  @Test(
    arguments: ["GET", "HEAD", "POST"], ["", #","status":304"#, #","status":500"#, #","status":0"#])
  func `GET, HEAD and POST of a pixel path count, whatever their status`(
    _ method: String, _ status: String
  ) throws {
    var parser = try EventParser.shipped()
    let hit = entry(url: "/pixel.gif?type=t", method: method, request: status)
    #expect(try parser.parse(hit).isEvent)
  }

  @Test(arguments: ["OPTIONS", "PUT", "get"])
  func `another method is left alone`(_ method: String) throws {
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(entry(url: "/pixel.png?type=t", method: method))
    #expect(parsed.leftAlone == .method(method))
    #expect(parsed.leftAlone?.label == "other_method")
  }

  @Test(arguments: [
    "/", "/pixel.pn", "/pixel.png/", "/pixel.pngx", "/Pixel.png", "/a/pixel.png", "/pixel%2Epng",
    "//pixel.png", "pixel.png", "https://t.example.com", "https://t.example.com?/pixel.png", "?",
    "https:///pixel.pn", "t.example.com/pixel.png",
  ])
  func `another path is left alone, compared byte by byte`(_ url: String) throws {
    var parser = try EventParser.shipped()
    #expect(try parser.parse(entry(url: url)).leftAlone?.label == "other_path")
  }

  @Test(arguments: [
    "/pixel.png?type=t", "https://t.example.com/pixel.png?type=t", "http://t:80/pixel.png?type=t",
    "https://[2001:db8::1]:8443/pixel.png?type=t", "HTTPS://192.0.2.1/pixel.png?type=t",
    "https://user:p@ss@t.example.com/pixel.png?type=t", "https:///pixel.png?type=t",
    "https://[broken/pixel.png?type=t", "/pixel.png?type=t#/other?type=x",
    "https://@/pixel.png?type=t",
  ])
  func `any form of URL with the path counts`(_ url: String) throws {
    var parser = try EventParser.shipped()
    #expect(try parser.parse(entry(url: url))["type"] == "t")
  }

  @Test func `PixelIngest's own entries count whatever their path and method`() throws {
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(
      own(#","httpRequest":{"requestMethod":"PUT","requestUrl":"https://t/any?type=t"}"#))
    #expect(parsed["type"] == "t")
    #expect(parsed["request_path"] == "/any")
  }

  // MARK: Each reason

  @Test(arguments: [
    "", "null", "[]", "{", "{} {}", "\"text\"", "{\"a\":01}",
    String(repeating: "[", count: 100_000), "{\"a\":" + String(repeating: "[", count: 100_000),
  ])
  func `entry_not_json: what is not one JSON object`(_ text: String) throws {
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(Array(text.utf8))
    #expect(parsed.reason == .entryNotJSON)
    if case .rejected(let rejection) = parsed.verdict {
      #expect(rejection.stage == "log-parse" && rejection.eventID == nil && rejection.time == nil)
    }
  }

  @Test func `entry_not_json: bytes that are not UTF-8`() throws {
    var parser = try EventParser.shipped()
    var bytes = entry(url: "/pixel.png?type=t")
    bytes[bytes.firstIndex(of: UInt8(ascii: "t")) ?? 0] = 0xff
    #expect(try parser.parse(bytes).reason == .entryNotJSON)
  }

  @Test(arguments: ["", #","timestamp":"yesterday""#, #","timestamp":5,"receiveTimestamp":null"#])
  func `timestamp_missing: neither time can be used`(_ times: String) throws {
    var parser = try EventParser.shipped()
    let entry = Array(
      #"{"insertId":"x","httpRequest":{"requestMethod":"GET","requestUrl":"/pixel.png?type=t"}\#(times)}"#
        .utf8)
    #expect(try parser.parse(entry).reason == .timestampMissing)
  }

  @Test func `without a timestamp the receiveTimestamp counts`() throws {
    var parser = try EventParser.shipped()
    let entry = Array(
      #"{"insertId":"x","httpRequest":{"requestMethod":"GET","requestUrl":"/pixel.png?type=t"},"receiveTimestamp":"2026-01-02T03:44:05Z"}"#
        .utf8)
    #expect(try parser.parse(entry)["event_id"] == "20260102T034405.000000000Z-x")
  }

  @Test(arguments: [
    "", #","httpRequest":{}"#, #","httpRequest":{"requestUrl":""}"#, #","httpRequest":null"#,
  ])
  func `request_url_missing: PixelIngest's entry has no URL`(_ request: String) throws {
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(own(request))
    #expect(parsed.reason == .requestURLMissing)
    if case .rejected(let rejection) = parsed.verdict {
      #expect(rejection.eventID == "20260102T034405.000000000Z-x")
    }
    #expect(try parser.parse(own(request, time: "x")).reason == .requestURLMissing)
  }

  @Test(arguments: [
    #","jsonPayload":{"statusDetails":"denied_by_security_policy"}"#,
    #","jsonPayload":{"enforcedSecurityPolicy":{"outcome":"DENY"}}"#,
  ])
  func `denied_by_security_policy: only a hit, other paths are left alone`(_ more: String) throws {
    var parser = try EventParser.shipped()
    #expect(
      try parser.parse(entry(url: "/pixel.png?type=t", more: more)).reason
        == .deniedBySecurityPolicy)
    #expect(try parser.parse(entry(url: "/?a=../", more: more)).leftAlone == .path("/"))
    let accepted = #","jsonPayload":{"enforcedSecurityPolicy":{"outcome":"ACCEPT"}}"#
    #expect(try parser.parse(entry(url: "/pixel.png?type=t", more: accepted)).isEvent)
  }

  @Test(arguments: ["", "type=", "Type=x", "type", "other=1"])
  func `missing_required: the detail names column and type`(_ query: String) throws {
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(query: query)
    #expect(parsed.reason == .missingRequired)
    #expect(parsed.detail == "REQUIRED column type (STRING) has no value.")
    guard case .rejected(let rejection) = parsed.verdict else { return }
    #expect(rejection.eventID == "20260102T034405.123456789Z-abc")
    #expect(rejection.time?.description == "2026-01-02T03:44:05.123456789Z")
  }

  @Test(arguments: [
    "INTEGER", "FLOAT", "NUMERIC", "BOOLEAN", "TIMESTAMP", "DATE", "TIME", "DATETIME", "BYTES",
    "JSON",
  ])
  func `invalid_value: the detail names column and type, and never the value`(_ type: String) throws
  {
    var parser = try EventParser.with("v \(type) REQUIRED")
    let parsed = try parser.parse(query: "v=secret*%22")
    #expect(parsed.reason == .invalidValue)
    #expect(parsed.detail == "The value of REQUIRED column v does not fit its type \(type).")
    #expect(try parser.parse(query: "v=").reason == .missingRequired)
    #expect(try parser.parse(query: "v=+").reason == .missingRequired)
  }

  @Test(arguments: [
    ("abcde", true), ("%C3%A9%C3%A9%C3%A9%C3%A9%C3%A9", true), ("abcdef", false),
    ("a%F0%9F%A6%8Abcd", true), ("%FF%FF%FF%FF%FF", true), ("%FF%FF%FF%FF%FF%FF", false),
  ])
  func `invalid_value: a text of more characters than its column takes`(
    _ text: String, _ fits: Bool
  ) throws {
    var parser = try EventParser.with("v STRING(5) REQUIRED", "w STRING(5)", "_unparsed JSON")
    let parsed = try parser.parse(query: "v=\(text)")
    #expect(parsed.isEvent == fits)
    if !fits {
      #expect(parsed.reason == .invalidValue)
      #expect(parsed.detail == "The value of REQUIRED column v does not fit its type STRING(5).")
    }
    let optional = try parser.parse(query: "v=x&w=\(text)")
    #expect((optional["w"] != nil) == fits)
    #expect((optional["_unparsed"] == nil) == fits)
  }

  @Test func `event_too_large: a row over 9 MB`() throws {
    var parser = try EventParser.with("a STRING", "b STRING")
    let half = String(repeating: "x", count: 4_400_000)
    #expect(try parser.parse(query: "a=\(half)&b=\(half)").isEvent)
    let parsed = try parser.parse(query: "a=\(half)\(half)&b=\(half)")
    #expect(parsed.reason == .eventTooLarge)
    // Escapes make it six times longer.
    let controls = String(repeating: "%01", count: 2_000_000)
    #expect(try parser.parse(query: "a=\(controls)").reason == .eventTooLarge)
    // A memory of what was too large does not stay in the way.
    #expect(try parser.parse(query: "a=1").isEvent)
  }

  // MARK: Identity

  @Test func `an entry without insertId has an id all the same, always the same`() throws {
    var parser = try EventParser.shipped()
    let text = String(decoding: entry(url: "/pixel.png?type=t"), as: UTF8.self)
    let without = Array(text.replacing(#""insertId":"abc","#, with: "").utf8)
    let empty = Array(text.replacing(#""abc""#, with: #""""#).utf8)
    let first = try parser.parse(without)["event_id"]
    #expect(first == "20260102T034405.123456789Z-\(SHA256.hex(without.span))")
    let again = try parser.parse(without)
    #expect(again["event_id"] == first)
    #expect(again.event?.hasDerivedID == true)
    #expect(try parser.parse(query: "type=t").event?.hasDerivedID == false)
    #expect(try parser.parse(empty)["event_id"] != first)
  }

  @Test func `an insertId with escapes is its text`() throws {
    var parser = try EventParser.shipped()
    let text = String(decoding: entry(url: "/pixel.png?type=t"), as: UTF8.self)
    let escaped = Array(text.replacing(#""abc""#, with: #""a\u0062c""#).utf8)
    #expect(try parser.parse(escaped)["event_id"] == "20260102T034405.123456789Z-abc")
  }

  // MARK: Reserved columns

  @Test func `no parameter can set a reserved column`() throws {
    let reserved = ReservedColumn.allCases
    let columns = reserved.map { "\($0.rawValue)=forged" }.joined(separator: "&")
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(query: "type=t&\(columns)&event%5Fid=forged")
    #expect(parsed.isEvent)
    #expect(!parsed.text.contains("forged"))
  }

  @Test func `page_url is the parameter, else the Referer header`() throws {
    var parser = try EventParser.shipped()
    let referer = #","referer":"https://shop.example.com/""#
    func pageURL(_ query: String, _ request: String) throws -> String? {
      try parser.parse(entry(url: "/pixel.png?type=t\(query)", request: request))["page_url"]
    }
    #expect(try pageURL("", referer) == "https://shop.example.com/")
    #expect(try pageURL("&page_url=https%3A%2F%2Fa", referer) == "https://a")
    #expect(try pageURL("&page_url=", referer) == "")
    #expect(try pageURL("", "") == nil)
    #expect(try pageURL("", #","referer":"""#) == nil)
  }

  @Test(
    arguments: [
      ("192.0.2.1", "192.0.2.1"), ("192.0.2.1:49194", "192.0.2.1"), ("2001:db8::1", "2001:db8::1"),
      ("[2001:db8::1]:443", "2001:db8::1"), ("::1", "::1"), ("[::1", "[::1"), ("", nil), (":", nil),
    ] as [(String, String?)])
  func `an address loses its port`(_ written: String, _ address: String?) throws {
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(
      entry(url: "/pixel.png?type=t", request: #","remoteIp":"\#(written)""#))
    #expect(parsed["remote_ip"] == address)
  }
}
