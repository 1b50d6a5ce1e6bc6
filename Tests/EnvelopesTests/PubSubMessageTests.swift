// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import Foundation
import TestSupport
import Testing

@Suite struct PubSubMessageTests {
  /// Decodes a body that lies in the middle of a buffer, as it does behind a request's head.
  private func decode(_ body: [UInt8]) throws(EnvelopeError) -> PubSubMessage {
    let buffer = Buffer()
    buffer.append(Array("POST / HTTP/1.1\r\n\r\n".utf8).span)
    let start = buffer.count
    buffer.append(body.span)
    let end = buffer.count
    buffer.append(Array("next".utf8).span)
    return try PubSubMessage.decodeWrapped(in: buffer, body: start..<end)
  }

  private func decode(_ body: String) throws(EnvelopeError) -> PubSubMessage {
    try decode(Array(body.utf8))
  }

  private func data(_ message: PubSubMessage) -> [UInt8] {
    message.buffer.withSpan { span in message.data.map { span[$0] } }
  }

  private func attributes(_ message: PubSubMessage) -> [String: String] {
    var all: [String: String] = [:]
    message.forEachAttribute { all[$0.string] = $1.string }
    return all
  }

  static let captures = [
    "wrapped-1-text-attr", "wrapped-2-json-body-content-type-attrs",
    "wrapped-3-binary-unicode-attrs",
    "wrapped-4-attrs-only-no-data", "wrapped-5-data-no-attrs", "wrapped-6-hostile-attr-names",
    "wrapped-dead-letter-message", "wrapped-dlq-attempt5", "wrapped-oidc-configured",
    "wrapped-ordering-key",
  ]

  @Test(arguments: captures)
  func `a push of Google's emulator becomes what Foundation reads`(_ name: String) throws {
    let request = try Data(contentsOf: Cases.made("pubsub-emulator/\(name).http"))
    let head = try #require(request.range(of: Data("\r\n\r\n".utf8)))
    let body = request[head.upperBound...]
    let envelope = try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
    let theirs = try #require(envelope["message"] as? [String: Any])

    let message = try decode(Array(body))
    #expect(message.messageID == theirs["messageId"] as? String)
    #expect(message.subscription == envelope["subscription"] as? String)
    #expect(
      message.publishTime == (theirs["publishTime"] as? String).flatMap { Timestamp(rfc3339: $0) })
    #expect(message.publishTime != nil)
    #expect(message.orderingKey == theirs["orderingKey"] as? String)
    #expect(message.deliveryAttempt == envelope["deliveryAttempt"] as? Int)
    let bytes = Data(base64Encoded: theirs["data"] as? String ?? "")
    #expect(data(message) == bytes.map(Array.init))
    #expect(attributes(message) == theirs["attributes"] as? [String: String] ?? [:])
    for (key, value) in theirs["attributes"] as? [String: String] ?? [:] {
      #expect(message.attribute(key) == value)
    }
    #expect(message.attribute("absent") == nil)
  }

  @Test func `everything that Pub/Sub sends is read`() throws {
    let message = try decode(
      #"""
      {"message":{"data":"SGVsbG8\u002b","messageId":"7","message_id":"8","attributes":{"a":"\u00e9"},
      "publishTime":"2026-01-02T03:44:05.123456789Z","publish_time":"2026-01-02T00:00:00Z",
      "orderingKey":"k\/1"},"subscription":"projects\/p\/subscriptions\/s","deliveryAttempt":5}
      """#)
    #expect(data(message) == Array("Hello".utf8) + [0x3e])
    #expect(message.messageID == "7")
    #expect(message.publishTime?.description == "2026-01-02T03:44:05.123456789Z")
    #expect(message.orderingKey == "k/1")
    #expect(message.subscription == "projects/p/subscriptions/s")
    #expect(message.deliveryAttempt == 5)
    #expect(message.attribute("a") == "é")
  }

  @Test func `what is behind and before the body stays as it is`() throws {
    let message = try decode(#"{"message":{"data":"QUJD"}}"#)
    let all = message.buffer.withSpan { $0.string }
    #expect(all.hasPrefix("POST / HTTP/1.1\r\n\r\n{"))
    #expect(all.hasSuffix("}}next"))
  }

  @Test(arguments: [
    #"{"message":{"data":"QQ==","message_id":"8","publish_time":"2026-01-02T00:00:00Z"}}"#,
    #"{"message":{"message_id":"8","publish_time":"2026-01-02T00:00:00Z","data":"QQ==","x":[{"y":1}]},"z":1}"#,
  ])
  func `snake_case and unknown members are fine`(_ body: String) throws {
    let message = try decode(body)
    #expect(message.messageID == "8")
    #expect(message.publishTime != nil)
    #expect(data(message) == [0x41])
    #expect(message.subscription == nil && message.deliveryAttempt == nil)
  }

  @Test(arguments: ["a", "\\u0061"])
  func `a name as long as Pub Sub allows is taken, whatever its escapes, and no longer one`(
    _ letter: String
  ) throws {
    func push(_ letters: Int) -> String {
      let name = String(repeating: letter, count: letters)
      return #"{"message":{"attributes":{"\#(name)":"1"}}}"#
    }
    let message = try decode(push(256))
    #expect(message.attribute(String(repeating: "a", count: 256)) == "1")
    // The rest only bounds the work of telling names apart, so it is not exact.
    #expect(throws: EnvelopeError.self) { try decode(push(1537)) }
  }

  @Test(arguments: [
    #"{"message":{"attributes":{"a":"1"}}}"#, #"{"message":{"data":"","attributes":{"a":"1"}}}"#,
    #"{"message":{"data":null,"attributes":{"a":"1"}}}"#,
  ])
  func `a message of attributes only has empty data`(_ body: String) throws {
    let message = try decode(body)
    #expect(message.data.isEmpty)
    #expect(message.attribute("a") == "1")
    #expect(message.messageID == "")
  }

  @Test(arguments: [
    "", "{}", "[]", "null", "{\"message\":null}", "{\"message\":[]}", "{\"message\":\"x\"}",
    #"{"message":{}}"#, #"{"message":{"data":""}}"#, #"{"message":{"data":"","attributes":{}}}"#,
    #"{"message":{"data":5}}"#, #"{"message":{"data":["QQ=="]}}"#,
    #"{"message":{"data":"QQ==","attributes":[]}}"#,
    #"{"message":{"data":"QQ==","attributes":{"a":1}}}"#,
    #"{"message":{"data":"QQ=="}} x"#, #"{"message":{"data":"QQ=="}"#,
    #"{"message":{"data":"QQ=="},"message":{"data":"QQ=="}}"#,
    #"{"message":{"data":"QQ==","data":"QQ=="}}"#,
    #"{"message":{"data":"QQ==","d\u0061ta":"QQ=="}}"#,
    #"{"message":{"data":"QQ==","attributes":{"a":"1","a":"2"}}}"#,
    #"{"message":{"data":"QQ=="},"x":1,"x":2}"#,
  ])
  func `what is not an envelope is refused`(_ body: String) {
    #expect {
      try decode(body)
    } throws: { error in
      (error as? EnvelopeError)?.reason == .malformedEnvelope
    }
  }

  @Test(arguments: ["Q", "QQ", "QQ=", "QQ==QQ==", "Q Q=", "QQ=\\n", "-_-_", "\\u00e9AAA"])
  func `data that is not base64 is told apart`(_ encoded: String) {
    #expect(throws: EnvelopeError.malformedData) {
      try decode(#"{"message":{"data":"\#(encoded)"}}"#)
    }
  }

  @Test func `an envelope that stops at any byte is refused`() throws {
    let whole = Array(
      #"{"message":{"data":"QU\/D","attributes":{"é":"\u00e9"},"messageId":"1"},"subscription":"s"}"#
        .utf8)
    _ = try decode(whole)
    for count in 0..<whole.count {
      #expect(throws: EnvelopeError.self) { try decode(Array(whole[..<count])) }
    }
  }

  @Test func `bytes that are not UTF-8, endless depth and endless attributes are refused`() {
    #expect(throws: EnvelopeError.self) {
      try decode(
        Array(#"{"message":{"data":"QQ==","messageId":""#.utf8) + [0xff] + Array("\"}}".utf8))
    }
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: EnvelopeError.self) { try decode(#"{"message":{"x":\#(deep)"#) }
    func attributes(_ count: Int) -> String {
      let list = (0..<count).map { "\"a\($0)\":\"\"" }.joined(separator: ",")
      return #"{"message":{"attributes":{\#(list)}}}"#
    }
    #expect(throws: Never.self) { try decode(attributes(256)) }
    #expect(throws: EnvelopeError.self) { try decode(attributes(257)) }
  }

  @Test func `random damage never crashes, and what is accepted Foundation accepts too`() {
    let whole = Array(
      #"{"subscription":"projects\/p","message":{"data":"QUJDRA==","messageId":"1","attributes":{"k":"v"}}}"#
        .utf8)
    var random = SeededRandom(8)
    var accepted = 0
    for _ in 0..<5000 {
      var body = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 0..<body.count, using: &random)
        body[at] =
          [0x22, 0x5c, 0x7b, 0x7d, 0x2c, 0x41, 0x00, 0xff].randomElement(using: &random) ?? 0
      }
      guard (try? decode(body)) != nil else { continue }
      accepted += 1
      #expect((try? JSONSerialization.jsonObject(with: Data(body))) != nil)
    }
    #expect(accepted > 100)
  }
}
