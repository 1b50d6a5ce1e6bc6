// SPDX-License-Identifier: MIT
import Foundation
import HTTPServer
import ServerSupport
import Testing

@testable import PixelIngest

/// `POST /events`, over a socket.
@Suite struct EventsTests {
  @Test(arguments: [
    (#"{"type":"a"}"#, "application/json"), (#"[{"type":"a"}]"#, "text/plain;charset=UTF-8"),
    ("{\"type\":\"a\"}\n", "application/x-ndjson"), ("type=a", "application/x-www-form-urlencoded"),
    (#"{"type":"a"}"#, "Application/JSON ; charset=utf-8"), (#"{"type":"a"}"#, ""),
  ])
  func `an event of any format is published as an entry`(_ body: String, _ type: String) throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let answer = try ingest.post(
      body, "Content-Type: \(type)", "User-Agent: Test/1", "X-Forwarded-For: 192.0.2.1")
    #expect(answer.status == 204)
    #expect(answer.fields["set-cookie"] == nil)
    let entry = try #require(try ingest.entries().first)
    #expect((entry["resource"] as? [String: Any])?["type"] as? String == "pixel_ingest")
    #expect((entry["insertId"] as? String)?.count == 32)
    let request = try #require(entry["httpRequest"] as? [String: Any])
    #expect(request["requestMethod"] as? String == "POST")
    #expect(request["requestUrl"] as? String == "http://t.example/events?type=a")
    #expect(request["remoteIp"] as? String == "192.0.2.1")
    #expect(request["userAgent"] as? String == "Test/1")
    #expect(try ingest.entries().count == 1)
  }

  @Test func `the events of one body are entries with an id each, in order`() throws {
    let ingest = try RunningIngest(["INGEST_MODE": "log"])
    defer { ingest.stop() }
    let body = (0..<500).map { #"{"n":\#($0)}"# }.joined(separator: "\n")
    #expect(try ingest.post(body, to: "/events?site=s").status == 204)
    let urls = try ingest.urls()
    #expect(urls == (0..<500).map { "http://t.example/events?n=\($0)&site=s" })
    #expect(Set(try ingest.entries().compactMap { $0["insertId"] as? String }).count == 500)
  }

  @Test func `what was not taken is named with its reason`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let answer = try ingest.post("{\"type\":\"a\"}\nrubbish\n[1]\n{\"type\":\"b\"}")
    #expect(answer.status == 200)
    #expect(
      answer.text
        == #"{"accepted":2,"rejected":[{"index":1,"reason":"not_json"},{"index":2,"reason":"not_an_object"}]}"#
        + "\n")
    #expect(try ingest.urls().count == 2)
  }

  private static let hint =
    #"{"index":0,"hint":"This object was taken as one event, which has no type. To send several events, send the list itself, [{...},{...}], or one event on a line."}"#

  @Test func `an envelope is taken as one event, and its sender is told`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    for body in [
      #"{"events":[{"type":"a"},{"type":"b"}]}"#, #"{"batch":[{"event":"a"}]}"#,
      #"{"data":{"type":"a"}}"#,
    ] {
      let answer = try ingest.post(body)
      #expect(answer.status == 200)
      #expect(answer.text == #"{"accepted":1,"rejected":[],"hints":[\#(Self.hint)]}"# + "\n")
    }
    #expect(try ingest.entries().count == 3)
    // The URL gives the type.
    #expect(try ingest.post(#"{"items":[{"sku":"a"}]}"#, to: "/events?type=t").status == 204)
  }

  @Test func `with LogParse's contract an event that it would reject is refused`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let common =
      #"{"name":"event_id","type":"STRING","mode":"REQUIRED"},{"name":"event_time","type":"TIMESTAMP","mode":"REQUIRED"},{"name":"host","type":"STRING","mode":"REQUIRED"},{"name":"page_url","type":"STRING","mode":"REQUIRED"},{"name":"env","type":"STRING","mode":"REQUIRED","defaultValueExpression":"'x'"}"#
    func write(_ name: String, _ columns: String) throws {
      try Data("[\(common),\(columns)]".utf8).write(to: folder.appendingPathComponent(name))
    }
    try write("pixel.json", #"{"name":"type","type":"STRING","mode":"REQUIRED"}"#)
    try write(
      "shop.json",
      #"{"name":"order","type":"RECORD","mode":"REQUIRED","fields":[{"name":"id","type":"STRING"}]},{"name":"visitor_id","type":"STRING","mode":"REQUIRED"}"#
    )
    let ingest = try RunningIngest(["CONTRACT": folder.path, "ID_COOKIE": "id"])
    defer { ingest.stop() }
    let answer = try ingest.post(
      [
        #"{"type":"a"}"#, #"{"typ":"a"}"#, #"{"type":""}"#, #"{"order":{"id":"1"}}"#,
        #"{"amp;type":"a"}"#,
        #"{"events":[{"type":"a"}]}"#,
      ].joined(separator: "\n"))
    #expect(answer.status == 200)
    let missing = #""hint":"The contract requires a value for type.""#
    #expect(
      answer.text
        == #"{"accepted":3,"rejected":[{"index":1,"reason":"missing_required"},{"index":2,"reason":"missing_required"},{"index":5,"reason":"missing_required"}],"hints":[{"index":1,\#(missing)},{"index":2,\#(missing)},\#(Self.hint.replacing("\"index\":0", with: "\"index\":5")),{"index":5,\#(missing)}]}"#
        + "\n")
    #expect(try ingest.post(#"{"typ":"a"}"#).status == 400)
    #expect(try ingest.entries().count == 3)
  }

  @Test func `a contract that can't be read stops the start`() throws {
    let error = #expect(throws: (any Error).self) {
      try RunningIngest(["CONTRACT": "/nowhere.json"])
    }
    #expect("\(try #require(error))".hasPrefix("CONTRACT is '/nowhere.json'"))
  }

  @Test(arguments: ["application/json", "text/plain", "application/x-www-form-urlencoded"])
  func `a byte order mark is no part of a body`(_ type: String) throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let body =
      type.contains("form")
      ? "\u{feff}type=a&user_id=u" : "\u{feff}{\"type\":\"a\",\"user_id\":\"u\"}"
    #expect(try ingest.post(body, "Content-Type: \(type)").status == 204)
    #expect(try ingest.urls() == ["http://t.example/events?type=a&user_id=u"])
  }

  private static let fields =
    "{" + (0..<10_000).map { #""p\#($0)":1"# }.joined(separator: ",") + "}"

  /// Bad input, the status, and the reason in the answer.
  @Test(arguments: [
    ("", "", 400, "empty"), ("rubbish", "", 400, "not_json"), ("[{]", "", 400, "not_json"),
    ("5", "", 400, "not_an_object"), (#"{"a":"#, "", 400, "not_json"),
    (String(repeating: "[", count: 100_000), "", 400, "not_json"),
    (#"{"a":\#(String(repeating: "{\"a\":", count: 100_000))"#, "", 400, "not_json"),
    (fields, "", 400, "too_many_fields"),
    (String(repeating: " ", count: 1 << 20) + "{}", "", 413, ""),
    (String(repeating: "{}\n", count: 501), "", 413, ""),
    ("x", "Content-Encoding: gzip", 415, ""), ("x", "Content-Encoding: br", 415, ""),
    ("x", "Content-Type: multipart/form-data; boundary=x", 415, ""),
    ("x", "Content-Type: application/xml", 415, ""),
    (#"{"type":"x"}"#, "Content-Encoding: identity", 204, ""),
    (#"{"type":"x","type":"y"}"#, "", 204, ""),
    (#"{"__proto__":{"a":"x"},"constructor":{"prototype":1}}"#, "", 204, ""),
    (#"{"type":{"a":[1]},"value":"no number","user_id":[1,2]}"#, "", 204, ""),
    (#"{"type":"x\r\nSet-Cookie: a=b\r\n\r\n"}"#, "", 204, ""),
  ])
  func `bad input has its answer`(
    _ body: String, _ field: String, _ status: Int, _ reason: String
  ) throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let fields = [field.isEmpty ? "X-Nothing: 1" : field]
    let answer = try ingest.post(body, fields[0])
    #expect(answer.status == status)
    #expect(answer.fields["set-cookie"] == nil)
    if !reason.isEmpty {
      #expect(
        answer.text == #"{"accepted":0,"rejected":[{"index":0,"reason":"\#(reason)"}]}"# + "\n")
    }
    // And the next one is served.
    #expect(try ingest.post(#"{"type":"next"}"#).status == 204)
  }

  @Test func `invalid UTF-8 is no JSON, and is repaired in a form`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let client = try RawClient(port: ingest.port)
    try client.send(
      Array("POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{\"a\":\"".utf8)
        + [0xC3, 0x22, 0x7D])
    #expect(try client.readAnswer().status == 400)
    try client.send(
      Array(
        ("POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
          + "Content-Length: 3\r\n\r\na=").utf8) + [0xFF])
    #expect(try client.readAnswer().status == 204)
    #expect(try ingest.urls() == ["http://a/events?a=%EF%BF%BD"])
  }

  @Test func `one request becomes 8 MiB of entries at most`() throws {
    let ingest = try RunningIngest(["PUBLISH_TIMEOUT": "20s"])
    defer { ingest.stop() }
    let name = String(repeating: "n", count: 900)
    let leaves = (0..<90).map { #""a\#($0)":"%%%%%"# + "\"" }.joined(separator: ",")
    let event = #"{"\#(name)":{\#(leaves)}}"#
    let body = Array(repeating: event, count: (1 << 20) / (event.utf8.count + 1))
      .joined(separator: "\n")
    let answer = try ingest.post(body)
    #expect(answer.status == 200)
    #expect(answer.text.contains(#""reason":"too_large""#))
    #expect(try ingest.urls().reduce(0) { $0 + $1.utf8.count } < 9 << 20)
  }

  @Test func `more defaults than 64 are refused`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let query = (0..<65).map { "p\($0)=1" }.joined(separator: "&")
    let answer = try ingest.post(#"{"type":"x"}"#, to: "/events?\(query)")
    #expect(answer.status == 400)
    #expect(answer.text.contains("too_many_defaults"))
  }

  @Test func `every reason is on the function's page`() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Functions/PixelIngest/README.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    for problem in EventProblem.allCases { #expect(text.contains("`\(problem.rawValue)`")) }
  }

  @Test func `a POST that Pub/Sub does not take is a 503, and leaves no line with what was sent`()
    throws
  {
    let ingest = try RunningIngest(["PUBLISH_TIMEOUT": "100ms"])
    ingest.setPubSub(status: 503)
    let answer = try ingest.post(#"{"type":"canary"}"#)
    #expect(answer.status == 503)
    #expect(answer.fields["retry-after"] == "1")
    #expect(
      answer.text == #"{"accepted":0,"rejected":[{"index":0,"reason":"not_published"}]}"# + "\n")
    ingest.setPubSub(status: 200)
    #expect(try ingest.post(#"{"type":"canary"}"#).status == 204)
    #expect(try ingest.urls().count == 1)
    #expect(try !ingest.stopAndReadLog().joined().contains("canary"))
  }

  @Test func `a POST of which Pub/Sub takes a part says which events to send again`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    ingest.setPubSub(refusing: "poison")
    let answer = try ingest.post(
      "{\"type\":\"a\"}\nrubbish\n{\"type\":\"poison\"}\n{\"type\":\"b\"}\n")
    #expect(answer.status == 503)
    #expect(answer.fields["retry-after"] == "1")
    #expect(
      answer.text
        == #"{"accepted":2,"rejected":[{"index":1,"reason":"not_json"},{"index":2,"reason":"not_published"}]}"#
        + "\n")
    #expect(try ingest.urls().sorted() == ["a", "b"].map { "http://t.example/events?type=\($0)" })
  }

  @Test(arguments: ["GET", "HEAD", "PUT", "DELETE"])
  func `other methods are refused`(_ method: String) throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let answer = try ingest.send("\(method) /events HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(answer.status == 405)
    #expect(answer.fields["allow"] == "POST, OPTIONS")
  }

  // MARK: Keys

  @Test(arguments: [
    ("Authorization: Bearer 0123456789abcdef", 204),
    ("authorization: bearer second-key-is-too", 204),
    ("Authorization: Bearer 0123456789abcdeX", 401), ("Authorization: Bearer 0123456789abcde", 401),
    ("Authorization: Bearer 0123456789abcdef0", 401), ("Authorization: Bearer ", 401),
    ("Authorization: 0123456789abcdef", 401), ("X-Nothing: 1", 401),
  ])
  func `with write keys a POST needs one of them`(_ field: String, _ status: Int) throws {
    let ingest = try RunningIngest(["WRITE_KEYS": "0123456789abcdef,second-key-is-too"])
    defer { ingest.stop() }
    #expect(try ingest.post(#"{"type":"x"}"#, field).status == status)
    #expect(try ingest.entries().count == (status == 204 ? 1 : 0))
    // The pixel is open, as it has to be.
    #expect(try ingest.get("/pixel.gif").status == 200)
  }

  @Test func `a key that can't be used is not shown`() throws {
    let error = #expect(throws: (any Error).self) {
      try RunningIngest(["WRITE_KEYS": "secret,0123456789abcdef"])
    }
    #expect("\(try #require(error))".hasPrefix("WRITE_KEYS has a key"))
    #expect(!"\(try #require(error))".contains("secret"))
  }

  // MARK: Other origins

  @Test func `every page may post by default, without credentials`() throws {
    let ingest = try RunningIngest()
    defer { ingest.stop() }
    let preflight = try ingest.send(
      "OPTIONS /events HTTP/1.1\r\nHost: a\r\nOrigin: https://s.example\r\n"
        + "Access-Control-Request-Method: POST\r\n\r\n")
    #expect(preflight.status == 204)
    #expect(preflight.fields["access-control-allow-origin"] == "*")
    #expect(preflight.fields["access-control-allow-methods"] == "POST")
    #expect(preflight.fields["access-control-allow-headers"] == "Authorization, Content-Type")
    for body in [#"{"type":"x"}"#, "rubbish"] {
      let answer = try ingest.post(body, "Origin: https://s.example")
      #expect(answer.fields["access-control-allow-origin"] == "*")
      #expect(answer.fields["access-control-allow-credentials"] == nil)
    }
  }

  @Test func `with patterns only their pages may post`() throws {
    let ingest = try RunningIngest(["ALLOWED_ORIGINS": "https://a.example, https://*.b.example"])
    defer { ingest.stop() }
    for (origin, isAllowed) in [
      ("https://a.example", true), ("https://x.b.example", true), ("https://b.example", false),
      ("null", false),
    ] {
      let answer = try ingest.post(#"{"type":"x"}"#, "Origin: \(origin)")
      #expect(answer.status == (isAllowed ? 204 : 403))
      // A page that may not post reads so, or its tracker would try for ever.
      #expect(answer.fields["access-control-allow-origin"] == origin)
      #expect(answer.fields["vary"] == "Origin")
      #expect(answer.fields["access-control-allow-credentials"] == nil)
      let preflight = try ingest.send(
        "OPTIONS /events HTTP/1.1\r\nHost: a\r\nOrigin: \(origin)\r\n\r\n")
      #expect(preflight.status == (isAllowed ? 204 : 403))
      #expect(preflight.fields["access-control-allow-origin"] == (isAllowed ? origin : nil))
    }
    // A server has no origin.
    #expect(try ingest.post(#"{"type":"x"}"#).status == 204)
    #expect(try ingest.entries().count == 3)
  }

  @Test func `with a visitor's cookie the page's origin is named, not all`() throws {
    let ingest = try RunningIngest(["ID_COOKIE": "id"])
    defer { ingest.stop() }
    for origin in ["https://s.example", "null"] {
      let preflight = try ingest.send(
        "OPTIONS /events HTTP/1.1\r\nHost: a\r\nOrigin: \(origin)\r\n\r\n")
      let answer = try ingest.post(#"{"type":"x"}"#, "Origin: \(origin)")
      for fields in [preflight.fields, answer.fields] {
        #expect(fields["access-control-allow-origin"] == origin)
        #expect(fields["access-control-allow-credentials"] == "true")
        #expect(fields["vary"] == "Origin")
      }
      #expect(answer.fields["set-cookie"]?.hasPrefix("id=") == true)
    }
    #expect(try ingest.post(#"{"type":"x"}"#).fields["access-control-allow-origin"] == nil)
  }

  @Test func `a page may read how long it has to wait`() throws {
    let ingest = try RunningIngest(["PUBLISH_TIMEOUT": "50ms"])
    defer { ingest.stop() }
    ingest.setPubSub(status: 503)
    let answer = try ingest.post(#"{"type":"x"}"#, "Origin: https://s.example")
    #expect(answer.status == 503)
    #expect(answer.fields["retry-after"] == "1")
    #expect(answer.fields["access-control-expose-headers"] == "Retry-After")
  }
}
