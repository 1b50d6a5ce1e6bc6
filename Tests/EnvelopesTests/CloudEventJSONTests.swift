// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import Foundation
import TestSupport
import Testing

@Suite struct CloudEventJSONTests {
  private static let required = #""specversion":"1.0","id":"1","source":"/s","type":"t""#

  private func event(_ members: String) throws -> CloudEvent {
    try SentRequest(body: "{\(Self.required)\(members)}").json()
  }

  @Test(
    arguments: [
      ("", nil), (#","data":null"#, "null"), (#","data": { "a" : 1.0e1 } "#, #"{ "a" : 1.0e1 }"#),
      (#","data":"x\u0041""#, #""x\u0041""#), (#","data":"""#, #""""#), (#","data":[ ]"#, "[ ]"),
      (#","datacontenttype":"text/plain","data":"x\u0041\n""#, "xA\n"),
      (#","data":"","datacontenttype":"text/plain""#, ""), (#","data_base64":"eA==""#, "x"),
      (#","data_base64":"""#, ""), (#","data_base64":null"#, nil),
      (#","data":{"a":1},"datacontenttype":"Application/VND.x+JSON; y""#, #"{"a":1}"#),
      (#","data":true,"datacontenttype":"text/json""#, "true"),
      (#","datacontenttype":"application/json","data_base64":"\/\/8=""#, "\u{fffd}\u{fffd}"),
    ] as [(String, String?)])
  func `the data is what was sent, byte by byte`(_ members: String, _ data: String?) throws {
    let event = try event(members)
    #expect(event.dataText == data)
    #expect((event.data == nil) == (data == nil))
  }

  @Test func `null beside a type that is not JSON is no data, and noted`() throws {
    let event = try event(#","data":null,"datacontenttype":"text/plain""#)
    #expect(event.data == nil && event.leniencies == .nullData)
  }

  @Test func `extensions keep their types`() throws {
    let event = try event(#","b":true,"i":-2147483648,"s":"5","n":null,"t":"True""#)
    #expect(
      event.extensions == [
        "b": .boolean(true), "i": .integer(.min), "s": .string("5"), "t": .string("True"),
      ])
    #expect(event.extensions["i"]?.text == "-2147483648" && event.extensions["s"]?.integer == 5)
    #expect(event.extensions["t"]?.boolean == true && event.extensions["i"]?.boolean == nil)
  }

  @Test(arguments: [
    #","x":{}"#, #","x":[]"#, #","x":1.5"#, #","x":1e2"#, #","x":2147483648"#, #","X":"a""#,
    #","my_x":"a""#, #","":"a""#, #","id":"2""#, #","x":"1","x":"1""#, #","x":"1","\u0078":"1""#,
    #","subject":"""#, #","subject":5"#, #","time":"tomorrow""#, #","time":5"#,
    #","dataschema":"""#, #","dataschema":"a""#, #","datacontenttype":"""#,
    #","x":"\ud800""#, #","x":"\udc00\ud800""#, #","x":"\u0000""#, #","x":"\ufffe""#,
    #","data":1,"data_base64":"eA==""#, #","data":1,"data":1"#, #","data_base64":"e""#,
    #","data_base64":5"#, #","data":{},"datacontenttype":"text/plain""#,
    #","data":"\ud800","datacontenttype":"text/plain""#, #","data":nul"#,
  ])
  func `what is not an event is refused`(_ members: String) {
    #expect {
      try event(members)
    } throws: {
      ($0 as? EnvelopeError)?.reason == .malformedCloudEvent
    }
  }

  @Test(arguments: ["", "{}", "[]", "null", "\"x\"", "{\(required)}}", "{\(required)} x"])
  func `a body that is not one object is refused`(_ body: String) {
    #expect(throws: EnvelopeError.self) { try SentRequest(body: body).json() }
  }

  @Test func `a well-formed surrogate pair is one character`() throws {
    #expect(try event(#","subject":"\ud83d\ude00""#).subject == "😀")
  }

  @Test func `an event and a batch that stop at any byte are refused`() throws {
    let one = #"{\#(Self.required),"time":"2026-01-02T03:04:05Z","é":null,"data":{"a":[1,"b\n"]}}"#
    let event = Array(one.replacingOccurrences(of: "é", with: "e").utf8)
    let batch = Array("[".utf8) + event + Array(", ".utf8) + event + Array("]".utf8)
    #expect(throws: Never.self) { try SentRequest([], body: event).json() }
    #expect(try SentRequest([], body: batch).batch().count == 2)
    for end in event.indices {
      #expect(throws: EnvelopeError.self) { try SentRequest([], body: Array(event[..<end])).json() }
    }
    for end in batch.indices {
      #expect(throws: EnvelopeError.self) {
        try SentRequest([], body: Array(batch[..<end])).batch()
      }
    }
  }

  @Test func `ten thousand extensions and endless depth are refused, soon`() {
    let many = (0..<10_000).map { ",\"e\($0)\":1" }.joined()
    #expect(throws: EnvelopeError.self) { try event(many) }
    let deep = String(repeating: "[", count: 1_000_000)
    #expect(throws: EnvelopeError.self) { try event(",\"data\":\(deep)") }
    #expect(throws: EnvelopeError.self) { try SentRequest(body: deep).batch() }
  }

  @Test func `a batch is all or nothing, and bounded`() throws {
    let one = "{\(Self.required),\"data_base64\":\"eA==\"}"
    let good = try SentRequest(body: "[\(one),\(one) , {\(Self.required),\"data\":2}]").batch()
    #expect(good.map(\.dataText) == ["x", "x", "2"])
    #expect(try SentRequest(body: " [ ] ").batch().isEmpty)
    for bad in ["{}", one, "[\(one),]", "[\(one),{}]", "[[]]", "[1]", "[\(one)"] {
      #expect(throws: EnvelopeError.self) { try SentRequest(body: bad).batch() }
    }
    let many = Array(repeating: "{\(Self.required)}", count: 10_001)
    #expect(
      try SentRequest(body: "[\(many.dropLast().joined(separator: ","))]").batch().count == 10_000)
    #expect(throws: EnvelopeError.self) {
      try SentRequest(body: "[\(many.joined(separator: ","))]").batch()
    }
  }

  @Test func `random damage never crashes, and what is accepted Foundation accepts too`() {
    let whole = Array(
      #"{\#(Self.required),"time":"2026-01-02T03:04:05Z","x":true,"data":{"a":"\u00e9"}}"#.utf8)
    var random = SeededRandom(9)
    var accepted = 0
    for _ in 0..<5000 {
      var body = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 0..<body.count, using: &random)
        body[at] =
          [0x22, 0x5c, 0x7b, 0x7d, 0x2c, 0x61, 0x00, 0xff].randomElement(using: &random) ?? 0
      }
      guard (try? SentRequest([], body: body).json()) != nil else { continue }
      accepted += 1
      #expect((try? JSONSerialization.jsonObject(with: Data(body))) != nil)
    }
    #expect(accepted > 100)
  }
}
