// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import Foundation
import TestSupport
import Testing

@Suite struct CloudEventHeaderTests {
  private static let required = [
    ("ce-id", "1"), ("ce-source", "/s"), ("ce-specversion", "1.0"), ("ce-type", "t"),
  ]

  private func event(_ more: [(String, String)], body: String = "") throws -> CloudEvent {
    try SentRequest(Self.required + more, body: body).binary()
  }

  @Test(
    arguments: [
      ("plain", "plain", []), ("a%20b", "a b", []), ("%2541", "%41", []), ("%e2%82%ac", "€", []),
      (#""a b""#, "a b", []), (#""a \"b\" \\""#, #"a "b" \"#, []), (#""%41""#, "A", []),
      (#"say "x""#, #"say "x""#, .rawSpace), (#"""#, #"""#, []), (#""a"b""#, #""a"b""#, []),
      (#""a\""#, #""a\""#, []), ("100%", "100%", .barePercent), ("%zz%4", "%zz%4", .barePercent),
      ("Euro € 😀", "Euro € 😀", [.rawUTF8, .rawSpace]), ("True", "True", .capitalBoolean),
      ("true", "true", []), ("%", "%", .barePercent), ("%F0%9F%98%80", "😀", []),
    ] as [(String, String, Leniencies)])
  func `a header's value becomes text, and what is against the rules is noted`(
    _ value: String, _ text: String, _ leniencies: Leniencies
  ) throws {
    let event = try event([("ce-subject", value), ("CE-Ext1", value)])
    #expect(event.subject == text)
    #expect(event.extensions == ["ext1": .string(text)])
    #expect(event.leniencies == leniencies)
  }

  @Test(arguments: [
    "%C0%A0", "%ED%A0%80", "%E2%82", "%F4%90%80%80", "%FF", "%00", "%0A", "%7F", "%C2%85",
    "%EF%BF%BE", "%EF%B7%90", "%F0%9F%BF%BF",
  ])
  func `bytes that are no text, and characters that no attribute may have, are refused`(
    _ value: String
  ) {
    for name in ["ce-subject", "ce-ext"] {
      #expect(throws: EnvelopeError.self) { try event([(name, "a\(value)")]) }
    }
  }

  @Test func `Latin-1 is not UTF-8`() {
    let headers = Self.required.map { ($0, Array($1.utf8)) } + [("ce-subject", [0xe9])]
    #expect(throws: EnvelopeError.self) { try SentRequest(headers, body: []).binary() }
  }

  @Test(arguments: ["ce-subject", "ce-time", "ce-dataschema", "content-type"])
  func `an empty optional header is one that was not sent`(_ name: String) throws {
    let event = try event([(name, "")])
    #expect(event.subject == nil && event.time == nil && event.dataSchema == nil)
    #expect(event.dataContentType == nil)
    #expect(event.leniencies == .emptyAttribute)
  }

  @Test(arguments: ["ce-my_ext", "ce-my-ext", "ce-", "ce-data"])
  func `a name that is no attribute's is left out`(_ name: String) throws {
    let event = try event([(name, "x"), ("ce-kept", "y")])
    #expect(event.extensions == ["kept": .string("y")])
    #expect(event.leniencies == .extensionName)
  }

  @Test func `Content-Type says the type of the data, not ce-datacontenttype`() throws {
    let event = try event([("ce-datacontenttype", "a/b"), ("Content-Type", "text/plain; x=\"y\"")])
    #expect(event.dataContentType == "text/plain; x=\"y\"")
    #expect(event.leniencies == .dataContentTypeHeader)
  }

  @Test(arguments: 0..<4)
  func `each required attribute has to be there once, and not empty`(_ index: Int) {
    var without = Self.required
    let (name, value) = without.remove(at: index)
    #expect(throws: EnvelopeError.missing([String(name.dropFirst(3))])) {
      try SentRequest(without, body: "").binary()
    }
    #expect(throws: EnvelopeError.self) {
      try SentRequest(without + [(name, "")], body: "").binary()
    }
    #expect(throws: EnvelopeError.malformedCloudEvent("an attribute comes twice")) {
      try event([(name.uppercased(), value)])
    }
  }

  @Test(arguments: [
    ("ce-time", "yesterday", false), ("ce-time", "1990-12-31T23:59:60Z", true),
    ("ce-time", "1991-01-01T00:59:60.5+01:00", true), ("ce-time", "1990-12-31T22:59:60Z", false),
    ("ce-time", "1990-12-31T23:59:61Z", false), ("ce-time", "2018-04-05t03:56:24z", true),
    ("ce-dataschema", "a/b", false), ("ce-dataschema", "http:", false),
    ("ce-dataschema", ":x", false), ("ce-dataschema", "1a:x", false),
    ("ce-dataschema", "a:b", true),
    ("ce-ext", "", true),
  ])
  func `times and schemas have their forms`(_ name: String, _ value: String, _ isGood: Bool) {
    #expect(((try? event([(name, value)])) != nil) == isGood)
  }

  @Test func `a leap second is the first second of the next day`() throws {
    let event = try event([("ce-time", "1990-12-31T23:59:60.25Z")])
    #expect(event.time?.description == "1991-01-01T00:00:00.250000000Z")
  }

  @Test(arguments: ["a b", "a|b", "<", "a\"b", "{", "^", "`", "\\"])
  func `a source is a URI reference`(_ source: String) {
    var headers = Self.required
    headers[1].1 = source.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    #expect(throws: EnvelopeError.self) { try SentRequest(headers, body: "").binary() }
  }

  @Test func `no bytes are no data, and others stay as they are`() throws {
    #expect(try event([]).data == nil)
    #expect(try event([], body: " {\"a\" : 1}\n").dataText == " {\"a\" : 1}\n")
  }

  @Test func `more attributes than any sender has are refused, not slow`() {
    let many = (0..<10_000).map { ("ce-e\($0)", "x") }
    #expect(throws: EnvelopeError.self) { try event(many) }
    #expect(throws: Never.self) { try event(Array(many.prefix(1020))) }
  }

  @Test func `random values never crash and never become what is not text`() {
    var random = SeededRandom(3)
    let pieces = [
      "%", "\"", "\\", "%C3", "%A9", "é", "a", " ", "%zz", "%00", "\u{7f}", "=", "True",
    ]
    var accepted = 0
    for _ in 0..<5000 {
      let value = random.bytes(upTo: 12, of: pieces)
      let headers = Self.required.map { ($0, Array($1.utf8)) } + [("ce-ext", value)]
      guard let event = try? SentRequest(headers, body: []).binary() else { continue }
      accepted += 1
      let text = event.extensions["ext"]?.text ?? ""
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
    }
    #expect(accepted > 500 && accepted < 5000)
  }

  @Test(
    arguments: [
      ([("content-type", "application/cloudevents+json")], .structured),
      ([("Content-Type", "Application/CloudEvents+JSON; charset=utf-8")], .structured),
      ([("content-type", "application/cloudevents-batch+json ;x")], .batch),
      ([("content-type", "application/cloudevents")], .unknownFormat),
      ([("content-type", "application/cloudevents+avro")], .unknownFormat),
      ([("content-type", "application/cloudevents+json")] + required, .structured),
      (required, .binary), (required + [("content-type", "application/json")], .binary),
      (Array(required.dropFirst()), .incomplete(missing: ["id"])),
      ([("Ce-Id", "")], .incomplete(missing: ["type", "source", "specversion"])),
      (
        [("content-type", "application/json"), ("content-length", "3"), ("ce-subject", "x")], .none
      ),
      ([], .none),
    ] as [([(String, String)], PushHead.Mode)])
  func `the headers say how an event is laid out`(
    _ headers: [(String, String)], _ mode: PushHead.Mode
  ) {
    #expect(SentRequest(headers, body: "").head.mode == mode)
  }
}
