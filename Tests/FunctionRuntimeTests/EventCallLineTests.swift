// SPDX-License-Identifier: MIT
import Envelopes
import Foundation
import ServerSupport
import Settings
import Testing

@testable import FunctionRuntime

/// What the line of a call says about the event or message that it was about.
@Suite struct EventCallLineTests {
  private static let wrapped =
    #"{"message":{"data":"eA==","messageId":"m"},"#
    + #""subscription":"projects/p/subscriptions/s","deliveryAttempt":3}"#
  private static let binary =
    "ce-id: b\r\nce-source: /s\r\nce-type: t.x\r\nce-specversion: 1.0\r\n"
  private static let published =
    "ce-id: e\r\nce-source: //pubsub.googleapis.com/projects/p/topics/t\r\nce-specversion: 1.0\r\n"
    + "ce-type: \(CloudEvent.messagePublished)\r\n"
  private static let metadata =
    "x-goog-pubsub-message-id: u\r\nx-goog-pubsub-subscription-name: projects/p/subscriptions/s\r\n"
  private static let attributes =
    #""attributes":{"ce-id":"f","ce-source":"/s","ce-specversion":"1.0","ce-type":"t.y"}"#

  private static func post(_ body: String, _ fields: String = "", path: String = "/") -> String {
    "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// Sends a request to a function and gives the line of its call.
  private func line(
    _ request: String, environment: [String: String] = [:], answers: Int = 1,
    _ start: @escaping (Worker) -> Function
  ) throws -> [String: Any] {
    let pipe = Pipe()
    let settings = ["LOG_CALLS": "all"].merging(environment) { $1 }
    let function = try RunningFunction(environment: settings, level: .debug, start: start)
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    function.onLoop { $0.log.descriptor = descriptor }
    let client = try RawClient(port: function.port)
    try client.send(request)
    for _ in 0..<answers { _ = try client.readAnswer() }
    function.stop()
    pipe.fileHandleForWriting.closeFile()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let lines = try text.split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
    let call = lines.first { $0["httpRequest"] != nil }
    return try #require(call)
  }

  private func events(_ receive: @escaping (EventDelivery) -> Void) -> (Worker) -> Function {
    { _ in
      var reader = SettingsReader(environment: ["PUSH_AUTH": "none"])
      return .events(
        EventFunction(authentication: PushAuthentication(&reader), receive: receive))
    }
  }

  private func messages(_ receive: @escaping (Delivery) -> Void) -> (Worker) -> Function {
    { _ in
      var reader = SettingsReader(environment: ["PUSH_AUTH": "none"])
      return .messages(
        MessageFunction(
          authentication: PushAuthentication(&reader), receive: receive,
          record: { _, _, completion in completion(false) }))
    }
  }

  struct Case: Sendable {
    let name: String
    let request: String
    let id: String
    let type: String
    var subscription: String?
    var attempt: Int?
  }

  static let cases = [
    Case(name: "binary", request: post("x", binary), id: "b", type: "t.x"),
    Case(
      name: "structured",
      request: post(
        #"{"id":"j","source":"/s","type":"t.j","specversion":"1.0"}"#,
        "Content-Type: application/cloudevents+json\r\n"), id: "j", type: "t.j"),
    Case(
      name: "wrapped", request: post(wrapped), id: "m", type: CloudEvent.messagePublished,
      subscription: "projects/p/subscriptions/s", attempt: 3),
    Case(
      name: "unwrapped", request: post("x", metadata), id: "u", type: CloudEvent.messagePublished,
      subscription: "projects/p/subscriptions/s"),
    Case(
      name: "unwrapped with an event in its attributes", request: post("x", binary + metadata),
      id: "b", type: "t.x", subscription: "projects/p/subscriptions/s"),
    Case(
      name: "Eventarc", request: post(wrapped, published), id: "e",
      type: CloudEvent.messagePublished, subscription: "projects/p/subscriptions/s", attempt: 3),
    Case(
      name: "Eventarc's fallback",
      request: post(
        wrapped.replacingOccurrences(of: #""messageId""#, with: "\(attributes),\"messageId\""),
        path: "/?__GCP_CloudEventsMode=CE_PUBSUB_BINDING"), id: "f", type: "t.y",
      subscription: "projects/p/subscriptions/s", attempt: 3),
  ]

  private func expect(_ line: [String: Any], _ one: Case, _ outcome: String) {
    #expect(line["event_id"] as? String == one.id)
    #expect(line["event_type"] as? String == one.type)
    #expect(line["subscription"] as? String == one.subscription)
    #expect(line["attempt"] as? Int == one.attempt)
    #expect(line["outcome"] as? String == outcome)
  }

  @Test(arguments: cases)
  func `an event's line says its id, its type, and who pushed it how often`(_ one: Case) throws {
    let rejection = Rejection(stage: "here", reason: .invalidValue, detail: "canary")
    for (outcome, name) in [
      (Outcome.done, "done"), (.retry(.publishFailed), "retry"), (.reject(rejection), "unrecorded"),
    ] {
      let receive: (EventDelivery) -> Void = { delivery in
        #expect(delivery.push?.deliveryAttempt == one.attempt)
        // Decoding uses the data up; the line does not need it.
        _ = try? PubSubMessage.decode(delivery.event)
        delivery.finish(outcome)
      }
      expect(try line(one.request, events(receive)), one, name)
    }
  }

  @Test(arguments: cases)
  func `so does the line of an event that nobody answered in time`(_ one: Case) throws {
    let line = try line(one.request, environment: ["REQUEST_TIMEOUT": "20ms"], events { _ in })
    expect(line, one, "deadline")
    #expect(line["reason"] as? String == "deadline_exceeded")
  }

  @Test func `and the line of a message that nobody answered in time`() throws {
    let line = try line(
      Self.post(Self.wrapped), environment: ["REQUEST_TIMEOUT": "20ms"], messages { _ in })
    #expect(line["message_id"] as? String == "m")
    #expect(line["subscription"] as? String == "projects/p/subscriptions/s")
    #expect(line["attempt"] as? Int == 3)
  }

  @Test func `a line never tells of the call before it`() throws {
    // The first message is answered; nobody ever knows what the second call is about.
    let late = Self.post("{}", path: "/late")
    let settings = ["REQUEST_TIMEOUT": "20ms", "LOG_CALLS": "problems"]
    let line = try line(Self.post(Self.wrapped) + late, environment: settings, answers: 2) {
      worker in
      let messages = MessageEndpoint(worker: worker, function: Self.done())
      return .http { request, call in
        if request.path != "/late" { messages.receive(request, call) }
      }
    }
    #expect(line["outcome"] as? String == "deadline")
    #expect(line["message_id"] == nil && line["subscription"] == nil)
  }

  private static func done() -> MessageFunction {
    var reader = SettingsReader(environment: ["PUSH_AUTH": "none"])
    return MessageFunction(
      authentication: PushAuthentication(&reader), receive: { $0.finish(.done) },
      record: { _, _, completion in completion(false) })
  }
}
