// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import Testing

@testable import PixelIngest

/// Events as query strings, without a server around.
@Suite struct EventQueryTests {
  private func query(_ json: String) throws -> String {
    var event = EventQuery()
    try event.append(json: Array(json.utf8).span)
    return event.query.bytes.span.string
  }

  private func problem(_ json: String) -> EventProblem? {
    do { _ = try query(json) } catch { return error as? EventProblem }
    return nil
  }

  @Test(arguments: [
    (#"{"type":"x"}"#, "type=x"),
    (
      #"{"a":"x y","b":1.5,"c":true,"d":false,"e":-1e+5}"#, "a=x%20y&b=1.5&c=true&d=false&e=-1e%2B5"
    ),
    (#"{"a":null,"b":{},"c":[],"d":[null]}"#, ""),
    (#"{"a":{"b":1,"c":{"d":2}}}"#, "a.b=1&a.c.d=2"),
    (#"{"tags":["x","y",1,true,null]}"#, "tags=x&tags=y&tags=1&tags=true"),
    (
      #"{"items":[{"sku":"x","n":2},null,{"sku":"y"}]}"#,
      "items[0].sku=x&items[0].n=2&items[2].sku=y"
    ),
    (#"{"a":[[1,2],[3]]}"#, "a[0][]=1&a[0][]=2&a[1][]=3"),
    (#"{"a":{"t":["x"],"u":[]},"t":["x"]}"#, "a.t[]=x&t=x"),
    // Inside an object a text stays one, and a dot does not part a name.
    (
      #"{"a":{"b":"1","c":1,"d":"-2.5","e":"true","f":"tru","g":"01"},"b":"1"}"#,
      "a.b=%31&a.c=1&a.d=%2D2.5&a.e=%74rue&a.f=tru&a.g=01&b=1"
    ),
    (#"{"a":[{"b":"1"},"2"]}"#, "a[0].b=%31&a[1]=%32"),
    (#"{"a.b":{"c.d":1,"\u002e":2}}"#, "a.b.c%2Ed=1&a.b.%2E=2"),
    (#"{"a":[1,{"b":2}]}"#, "a[0]=1&a[1].b=2"),
    (#"{"é=&":"é;,+#%"}"#, "%C3%A9%3D%26=%C3%A9%3B%2C%2B%23%25"),
    (#"{"\u0061":"\u00e9\n\"\\\ud83d\ude00"}"#, "a=%C3%A9%0A%22%5C%F0%9F%98%80"),
    (#"{"a":"\ud800"}"#, "a=%EF%BF%BD"),
    (#"{"__proto__":{"x":1},"constructor":2}"#, "__proto__.x=1&constructor=2"),
    (#"{"a":1,"a":2}"#, "a=1&a=2"),
    (#"{"":1}"#, "=1"),
    (#"{"x":"a\r\nSet-Cookie: b=1"}"#, "x=a%0D%0ASet-Cookie%3A%20b%3D1"),
  ])
  func `an object is the query that a pixel would have`(_ json: String, _ expected: String) throws {
    #expect(try query(json) == expected)
  }

  /// What comes back out of the query, as any web framework reads it, is what went in.
  @Test func `names and values survive, whatever they are`() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<500 {
      var object: [String: String] = [:]
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let text = { (length: Int) in
          String(
            String.UnicodeScalarView(
              (0..<length).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 1...0x2FFF, using: &random))
              }))
        }
        object[text(6)] = text(20)
      }
      let json = try JSONSerialization.data(withJSONObject: object)
      let query = try query(String(decoding: json, as: UTF8.self))
      var found: [String: String] = [:]
      var components = URLComponents()
      components.percentEncodedQuery = query.replacing("[", with: "%5B").replacing("]", with: "%5D")
      for item in try #require(components.queryItems) { found[item.name] = item.value }
      #expect(found == object)
    }
  }

  @Test func `an event has a thousand values at most`() throws {
    func object(_ count: Int) -> String {
      "{" + (0..<count).map { #""p\#($0)":1"# }.joined(separator: ",") + "}"
    }
    #expect(try query(object(1000)).split(separator: "&").count == 1000)
    #expect(problem(object(1001)) == .tooManyFields)
    #expect(problem(object(10_000)) == .tooManyFields)
    #expect(
      problem(#"{"a":[\#(Array(repeating: "1", count: 1001).joined(separator: ","))]}"#)
        == .tooManyFields)
  }

  @Test func `a name that no column can have is left out with its value`() throws {
    let long = String(repeating: "n", count: 1001)
    #expect(try query(#"{"\#(long)":1,"a":2}"#) == "a=2")
    #expect(try query(#"{"\#(long)":{"b":[1,{"c":2}]},"a":2}"#) == "a=2")
    #expect(try query(#"{"\#(long)":[1,2],"a":2}"#) == "a=2")
    // Nested names grow at every level, and stay bounded.
    let deep = String(repeating: #"{"\#(String(long.prefix(300)))":"#, count: 60) + "1"
    #expect(try query(deep + String(repeating: "}", count: 60)) == "")
  }

  @Test(arguments: [
    ("", EventProblem.notJSON), ("{", .notJSON), (#"{"a":}"#, .notJSON), (#"{"a":1}}"#, .notJSON),
    ("[]", .notAnObject), ("1", .notAnObject), (#""{}""#, .notAnObject),
    (String(repeating: #"{"a":"#, count: 65) + "1" + String(repeating: "}", count: 65), .notJSON),
    (String(repeating: "[", count: 100_000), .notAnObject),
    (#"{"a":\#(String(repeating: "[", count: 100_000))"#, .notJSON),
  ])
  func `what is no object has its reason`(_ json: String, _ expected: EventProblem) {
    #expect(problem(json) == expected)
  }

  @Test func `text that is not UTF-8 is no JSON`() {
    var event = EventQuery()
    #expect(throws: EventProblem.notJSON) {
      try event.append(json: ([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D] as [UInt8]).span)
    }
  }

  @Test(arguments: [
    ("a=1&b=x+y", "a=1&b=x%20y"), ("a=%23#&%C3%A9=%zz", "a=%23%23&%C3%A9=%25zz"), ("a", "a="),
    ("a=%FF", "a=%EF%BF%BD"),
    // What says that a value is text, and a dot no separator, goes on.
    ("a.b=%35&a.c=5&%61%2Eb.c=%74rue&a%5Bb%5D=x", "a.b=%35&a.c=5&a%2Eb.c=%74rue&a[b]=x"),
  ])
  func `a form is read as a browser writes it`(_ form: String, _ expected: String) throws {
    var event = EventQuery()
    try event.append(form: Array(form.utf8).span)
    #expect(event.query.bytes.span.string == expected)
  }

  @Test func `a default holds where the event has no such name`() throws {
    let defaults = try EventDefault.read(Array("user_id=u%201&%74ype=d&tags=z".utf8).span)
    var event = EventQuery()
    try event.append(json: Array(#"{"type":"x","a":1}"#.utf8).span)
    event.append(defaults: defaults)
    #expect(event.query.bytes.span.string == "type=x&a=1&user_id=u%201&tags=z")
    // A list inside an object is written with brackets, which name the same.
    var list = EventQuery()
    try list.append(json: Array(#"{"item":{"tags":["a"]}}"#.utf8).span)
    list.append(defaults: try EventDefault.read(Array("item.tags=x&item[]=y&n[]=z".utf8).span))
    #expect(list.query.bytes.span.string == "item.tags[]=a&item[]=y&n[]=z")
    let many = (0..<65).map { "p\($0)=1" }.joined(separator: "&")
    #expect(throws: EventProblem.tooManyDefaults) { try EventDefault.read(Array(many.utf8).span) }
  }

  // MARK: Bodies

  private func pieces(_ body: String, isLines: Bool = false) throws -> [String] {
    let bytes = Array(body.utf8)
    return try EventsBody(bytes.span, isLines: isLines).pieces.map { piece in
      switch piece {
      case .object(let range): String(decoding: bytes[range], as: UTF8.self)
      case .problem(let problem): problem.rawValue
      }
    }
  }

  @Test(arguments: [
    (#"{"a":1}"#, [#"{"a":1}"#]),
    ("\n {\"a\":1}\n", [#"{"a":1}"#]),
    (#"[{"a":1}, {"b":[2]}]"#, [#"{"a":1}"#, #"{"b":[2]}"#]),
    (#"[{"a":1},5,null]"#, [#"{"a":1}"#, "not_an_object", "not_an_object"]),
    ("{\"a\":1}\n{\"b\":2}", [#"{"a":1}"#, #"{"b":2}"#]),
    ("{\"a\":1}\r\n\r\nrubbish\n{\"b\":2}\n", ["{\"a\":1}", "rubbish", #"{"b":2}"#]),
    ("{\n \"a\": 1\n}", ["{\n \"a\": 1\n}"]),
    ("", ["empty"]), (" \n ", ["empty"]), ("[]", ["empty"]), ("[{}", ["not_json"]),
    (#"[{"a":1}] x"#, ["not_json"]), (#"[{"a":1},{"b"]"#, ["not_json"]), ("rubbish", ["rubbish"]),
  ])
  func `a body is an object, a list, or an object on each line`(
    _ body: String, _ expected: [String]
  ) throws {
    #expect(try pieces(body) == expected)
  }

  @Test(arguments: [
    (
      "{\"type\":\"bad\"\n{\"type\":\"a\"}\n{\"type\":\"b\"}\n",
      ["{\"type\":\"bad\"", #"{"type":"a"}"#, #"{"type":"b"}"#]
    ),
    ("5\n{\"type\":\"a\"}\n", ["5", #"{"type":"a"}"#]),
    ("null\n{\"type\":\"a\"}", ["null", #"{"type":"a"}"#]),
    ("\"text\"\r\n{\"type\":\"a\"}\r\n", ["\"text\"", #"{"type":"a"}"#]),
    ("true\nfalse\n{\"type\":\"a\"}", ["true", "false", #"{"type":"a"}"#]),
    ("rubbish\n{\"type\":\"a\"}", ["rubbish", #"{"type":"a"}"#]),
    ("[1]\n{\"type\":\"a\"}", ["[1]", #"{"type":"a"}"#]),
    (
      "{\"type\":\"a\"}{\"type\":\"b\"}\n{\"type\":\"c\"}",
      [#"{"type":"a"}{"type":"b"}"#, #"{"type":"c"}"#]
    ),
    ("{\"type\":\"a\"},\n{\"type\":\"b\"}", [#"{"type":"a"},"#, #"{"type":"b"}"#]),
    // A byte order mark is no part of a body, nor of a line that was another file's first.
    ("\u{feff}{\"a\":1}", [#"{"a":1}"#]), ("\u{feff} [{\"a\":1}]", [#"{"a":1}"#]),
    ("\u{feff}{\"a\":1}\n\u{feff}{\"b\":2}\n", [#"{"a":1}"#, #"{"b":2}"#]),
    ("\u{feff}", ["empty"]), ("\n\u{feff}\n", ["empty"]),
    ("\u{feff}5\n{\"a\":1}", ["5", #"{"a":1}"#]),
  ])
  func `each line is judged alone, the first too`(_ body: String, _ expected: [String]) throws {
    #expect(try pieces(body) == expected)
    #expect(try pieces(body, isLines: true) == expected)
  }

  @Test(arguments: [
    ("[\n{\"a\":1},\n{\"b\":2}\n", "not_json"), ("{\n  \"items\": [\n    {\"sku\":1}\n  ]\n", nil),
    ("{\n\"items\": [\n{\"sku\":1}\n]\n", nil), ("{\n  \"a\": {\"b\":1},\n", nil),
    ("{\"a\":1\n,\"b\":\n{\"c\":2}\n", nil),
  ])
  func `what a broken object or array has inside is no event, unless lines are announced`(
    _ body: String, _ problem: String?
  ) throws {
    #expect(try pieces(body) == [problem ?? body.trimmingCharacters(in: .whitespacesAndNewlines)])
    #expect(try pieces(body, isLines: true).count > 1)
  }

  @Test func `announced lines are lines even if none is right, and one value is one`() throws {
    #expect(try pieces("5\nx", isLines: true) == ["5", "x"])
    #expect(try pieces("{\n\"a\":1\n}", isLines: true) == ["{\n\"a\":1\n}"])
    #expect(try pieces(#"[{"a":1},{"b":2}]"#, isLines: true) == [#"{"a":1}"#, #"{"b":2}"#])
  }

  // MARK: Envelopes

  @Test(arguments: [
    (#"{"events":[{"type":"a"},{"type":"b"}]}"#, true),
    (#"{"batch":[{"event":"a"}],"sentAt":"x"}"#, true),
    (#"{"data":{"type":"a"}}"#, true), (#"{"payload":{"data":[{"type":"a"}]}}"#, true),
    (#"{"type":"a","items":[{"sku":"x"}]}"#, false), (#"{"type":"a","data":{"type":"b"}}"#, false),
    (#"{"user_id":"u","tags":["a"]}"#, false),
    (#"{"user_id":"u","properties":{"plan":"pro"}}"#, false),
    ("{}", false),
  ])
  func `an object with events inside is an envelope`(_ json: String, _ isEnvelope: Bool) throws {
    var event = EventQuery()
    try event.append(json: Array(json.utf8).span)
    #expect(event.query.bytes.span.isEnvelope == isEnvelope)
  }

  @Test func `a body has 500 events at most`() throws {
    let object = #"{"a":1}"#
    for (separator, around) in [(",", ("[", "]")), ("\n", ("", ""))] {
      func body(_ count: Int) -> String {
        around.0 + Array(repeating: object, count: count).joined(separator: separator) + around.1
      }
      #expect(try pieces(body(500)).count == 500)
      #expect(throws: EventsBody.TooMany.self) { try pieces(body(501)) }
    }
  }

  // MARK: Origins

  @Test(arguments: [
    ("https://example.com", "https://example.com", true),
    ("https://example.com", "https://example.com.evil.example", false),
    ("https://example.com", "http://example.com", false),
    ("https://*.example.com", "https://a.example.com", true),
    ("https://*.example.com", "https://a.b.example.com", true),
    ("https://*.example.com", "https://example.com", false),
    ("https://*.example.com", "https://evil.com/.example.com", false),
    ("https://*.example.com", "https://evilexample.com", false),
    ("https://*.example.com", "https://a.example.com:8443", false),
    ("http://localhost:*", "http://localhost:3000", true),
    ("http://localhost:*", "http://localhost.evil.com", false),
    ("https://*-preview.example.com", "https://pr-7-preview.example.com", true),
    ("https://*.*.example.com", "https://a.b.c.example.com", true),
  ])
  func `a star stands for a part of a host`(_ pattern: String, _ origin: String, _ matches: Bool) {
    #expect(
      CrossOrigin.matches(Array(origin.utf8).span, Array(pattern.utf8).span) == matches)
  }
}
