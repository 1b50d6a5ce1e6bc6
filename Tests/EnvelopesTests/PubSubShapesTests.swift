// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import Foundation
import Testing

@Suite struct PubSubShapesTests {
  private static let topic = "projects/p/topics/t"
  private static let data = "data ☃"
  private static let base64 = Data(data.utf8).base64EncodedString()
  private static let wrapped = #"""
    {"message":{"data":"\#(base64)","attributes":{"k":"v é"},"messageId":"7","orderingKey":"o",
    "publishTime":"2026-01-02T03:44:05.123456789Z"},"subscription":"projects/p/subscriptions/s",
    "deliveryAttempt":3}
    """#

  private static func attributes(_ prefix: String) -> [(String, String)] {
    [
      ("\(prefix)id", "7"), ("\(prefix)type", CloudEvent.messagePublished),
      ("\(prefix)specversion", "1.0"), ("\(prefix)source", "//pubsub.googleapis.com/\(topic)"),
    ]
  }

  private static func wrap(_ data: String, _ attributes: [(String, String)]) -> String {
    let list = attributes.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
    let base64 = Data(data.utf8).base64EncodedString()
    return #"{"message":{"data":"\#(base64)","attributes":{\#(list)},"messageId":"9"}}"#
  }

  private func decodeWrapped(_ body: String, topic: String? = nil) throws -> PubSubMessage {
    let request = SentRequest(body: body)
    return try .decodeWrapped(in: request.buffer, body: request.body, topic: topic)
  }

  /// The same message, as each of the shapes that can carry all of it.
  @Test(arguments: 0..<4)
  func `a message is the same whichever way it came`(_ shape: Int) throws {
    let message: PubSubMessage
    switch shape {
    case 0: message = try decodeWrapped(Self.wrapped, topic: Self.topic)
    case 1: message = try .decode(SentRequest(Self.attributes("ce-"), body: Self.wrapped).binary())
    case 2:
      let outer = try decodeWrapped(Self.wrap(Self.wrapped, Self.attributes("ce-")))
      message = try .decode(try #require(try CloudEvent.bound(to: outer)))
    default:
      let request = SentRequest(
        [
          ("x-goog-pubsub-message-id", "7"), ("X-Goog-Pubsub-Ordering-Key", "o"), ("k", "v é"),
          ("x-goog-pubsub-publish-time", "2026-01-02T03:44:05.123456789Z"), ("host", "h"),
          ("x-goog-pubsub-subscription-name", "projects/p/subscriptions/s"), ("via", "1.1 x"),
        ], body: Self.data)
      message = .unwrapped(
        in: request.buffer, fields: request.fields, body: request.body, topic: Self.topic)
    }
    #expect(message.dataText == Self.data)
    #expect(message.messageID == "7" && message.hasMessageID)
    #expect(message.orderingKey == "o")
    #expect(message.subscription == "projects/p/subscriptions/s")
    #expect(message.publishTime?.description == "2026-01-02T03:44:05.123456789Z")
    #expect(message.allAttributes == ["k": "v é"])
    #expect(message.attribute("k") == "v é" && message.attribute("x") == nil)
    #expect(message.topic == Self.topic)
    // An unwrapped push does not say how often it was tried.
    #expect(message.deliveryAttempt == (shape == 3 ? nil : 3))
    #expect(message.isUnwrapped == (shape == 3))
  }

  @Test func `a raw body is all there is`() {
    let request = SentRequest([("k", "v")], body: "x")
    let message = PubSubMessage.raw(in: request.buffer, body: request.body)
    #expect(message.dataText == "x" && message.allAttributes.isEmpty)
    #expect(message.messageID == "" && !message.hasMessageID && message.subscription == nil)
  }

  @Test func `the first of two headers counts, since a publisher can add its own`() {
    let message = SentRequest(
      [("x-goog-pubsub-message-id", "1"), ("x-goog-pubsub-message-id", "2")], body: ""
    ).unwrapped()
    #expect(message.messageID == "1")
  }

  @Test func `an attribute that came as a header is found in either case`() {
    let message = SentRequest([("Event-Id", "5"), ("empty", "")], body: "").unwrapped()
    #expect(message.attribute("event-ID") == "5" && message.attribute("empty") == "")
  }

  @Test(
    arguments: [
      ("0", nil), ("-1", nil), ("null", nil), ("1", 1), ("5", 5), ("99999999999999999999", nil),
    ] as [(String, Int?)])
  func `an attempt counts from 1`(_ written: String, _ attempt: Int?) throws {
    let message = try decodeWrapped(
      #"{"deliveryAttempt":\#(written),"message":{"data":"eA==","messageId":"1"}}"#)
    #expect(message.deliveryAttempt == attempt)
  }

  @Test(
    arguments: [
      ("/", nil, false, false), ("", nil, false, false), ("/x?y=1", nil, false, false),
      ("/projects/p/topics/t", topic, false, false),
      ("/projects/p/topics/t?a", topic, false, false),
      ("/projects/p/topics/", nil, false, false), ("/projects/p/topics/t/", nil, false, false),
      ("/?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fp%2Ftopics%2Ft", topic, false, true),
      ("/?a&__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects/p/topics/t&b", topic, false, true),
      ("/?__GCP_CloudEventsMode=CUSTOM_PUBSUB_x", nil, false, true),
      ("/?__GCP_CloudEventsMode=CE_PUBSUB_BINDING", nil, true, true),
      ("/?__GCP_CloudEventsMode=GCS_NOTIFICATION", nil, false, true),
      ("/?__GCP_CloudEventsMode", nil, false, true),
    ] as [(String, String?, Bool, Bool)])
  func `the URL of a push says the topic and Eventarc's mode`(
    _ target: String, _ topic: String?, _ isBinding: Bool, _ isEventarc: Bool
  ) {
    let bytes = Array(target.utf8)
    let read = PushTarget(bytes.span)
    #expect(read.topic == topic)
    #expect(read.isBinding == isBinding && read.isEventarc == isEventarc)
  }

  // MARK: As events

  @Test func `a wrapped push becomes an event whose data is the body as it came`() throws {
    let request = SentRequest(body: Self.wrapped)
    let event = try CloudEvent.published(in: request.buffer, body: request.body, topic: Self.topic)
    #expect(event.id == "7" && event.type == CloudEvent.messagePublished)
    #expect(event.source == "//pubsub.googleapis.com/projects/p/topics/t")
    #expect(event.time?.description == "2026-01-02T03:44:05.123456789Z")
    #expect(event.dataText == Self.wrapped)
    #expect(event.subscription == "projects/p/subscriptions/s")
    let plain = try CloudEvent.published(in: request.buffer, body: request.body)
    #expect(plain.source == "//pubsub.googleapis.com/projects/p/subscriptions/s")
  }

  @Test func `an unwrapped push becomes the event that the wrapped one would have been`() throws {
    let message = SentRequest(
      [
        ("x-goog-pubsub-message-id", "7"), ("k", "v \"é\""),
        ("x-goog-pubsub-publish-time", "2026-01-02T03:44:05.5Z"), ("x-goog-ordering-key", "o"),
        ("x-goog-pubsub-subscription-name", "projects/p/subscriptions/s"),
      ], body: "\u{0}ÿ"
    ).unwrapped()
    let event = try CloudEvent.published(message)
    #expect(event.id == "7")
    let again = try PubSubMessage.decode(event)
    #expect(again.dataText == "\u{0}ÿ" && again.allAttributes == ["k": "v \"é\""])
    #expect(again.orderingKey == "o" && again.publishTime == message.publishTime)
    #expect(again.subscription == "projects/p/subscriptions/s")
  }

  @Test(arguments: [
    #"{"message":{"data":"%%%%","messageId":"1"},"subscription":"s"}"#,
    #"{"message":{"data":"e\u003d==","messageId":"1"},"subscription":"s"}"#,
    #"{"message":{"data":"eA==","messageId":""},"subscription":"s"}"#,
    #"{"message":{"data":"eA=="},"subscription":"s"}"#,
    #"{"message":{"data":"eA==","messageId":"1"}}"#, "{}",
  ])
  func `nothing is made up for an event`(_ body: String) {
    let request = SentRequest(body: body)
    #expect(throws: EnvelopeError.self) {
      try CloudEvent.published(in: request.buffer, body: request.body)
    }
  }

  @Test func `an event in a message's attributes is not percent-decoded`() throws {
    let attributes = [
      ("ce-id", "1"), ("ce-type", "t"), ("ce-specversion", "1.0"), ("ce-source", "/s"),
      ("ce-subject", "a%20b "), ("ce-datacontenttype", "a/b"), ("other", "x"),
    ]
    let event = try #require(try CloudEvent.bound(to: decodeWrapped(Self.wrap("d", attributes))))
    #expect(event.subject == "a%20b " && event.dataContentType == "a/b" && event.dataText == "d")
    #expect(event.extensions.isEmpty)
    let typed = attributes + [("content-type", "c/d")]
    #expect(
      try CloudEvent.bound(to: decodeWrapped(Self.wrap("d", typed)))?.dataContentType == "c/d")
    #expect(
      try CloudEvent.bound(to: decodeWrapped(Self.wrap("d", Array(attributes.dropFirst())))) == nil)
  }

  @Test func `a message's content-type can say that its data is the event`() throws {
    let inner = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":1}}"#
    let event = try CloudEvent.bound(
      to: decodeWrapped(Self.wrap(inner, [("content-type", "application/cloudevents+json; x")])))
    #expect(event?.dataText == #"{"a":1}"#)
    #expect(throws: EnvelopeError.unknownEventFormat) {
      try CloudEvent.bound(
        to: decodeWrapped(Self.wrap("x", [("content-type", "application/cloudevents+avro")])))
    }
  }
}
