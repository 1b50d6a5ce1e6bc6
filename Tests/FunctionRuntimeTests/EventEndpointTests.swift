// SPDX-License-Identifier: MIT
import Envelopes
import EventLoop
import Foundation
import HTTPServer
import ServerSupport
import Settings
import Testing

@testable import FunctionRuntime

@Suite struct EventEndpointTests {
  /// What the function was given and what was recorded; used on the loop only.
  private final class Seen: @unchecked Sendable {
    var events: [String] = []
    var recorded: [String] = []
    var open: [EventDelivery] = []
  }

  private func start(
    _ seen: Seen, environment: [String: String] = [:], origins: [String]? = nil,
    subscription: String? = nil, canRecord: Bool? = nil,
    receive: @escaping (EventDelivery) -> Void = { $0.finish(.done) }
  ) throws -> RunningFunction {
    try RunningFunction(environment: environment) { _ in
      var settings = ["PUSH_AUTH": "none"]
      settings["PUSH_SUBSCRIPTION"] = subscription
      var reader = SettingsReader(environment: settings)
      return .events(
        EventFunction(
          authentication: PushAuthentication(&reader), allowedOrigins: origins,
          receive: { delivery in
            seen.events.append(delivery.event.id)
            receive(delivery)
          },
          record: canRecord.map { canRecord in
            { delivery, rejection, completion in
              seen.recorded.append("\(delivery.event.id) \(rejection.reason.rawValue)")
              completion(canRecord)
            }
          }))
    }
  }

  private static let required = #""specversion":"1.0","source":"/s","type":"t""#
  private static let wrapped =
    #"{"message":{"data":"eA==","messageId":"m"},"subscription":"projects/p/subscriptions/s"}"#
  private static let binary = "ce-id: b\r\nce-source: /s\r\nce-type: t\r\nce-specversion: 1.0\r\n"
  private static let published =
    "ce-id: e\r\nce-source: //pubsub.googleapis.com/projects/p/topics/t\r\nce-specversion: 1.0\r\n"
    + "ce-type: \(CloudEvent.messagePublished)\r\n"
  private static let metadata =
    "x-goog-pubsub-message-id: u\r\nx-goog-pubsub-subscription-name: projects/p/subscriptions/s\r\n"

  private func post(_ body: String, _ fields: String = "", path: String = "/") -> String {
    "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func json(_ ids: [String]) -> String {
    let events = ids.map { "{\(Self.required),\"id\":\"\($0)\"}" }
    return post(
      "[\(events.joined(separator: ","))]",
      "Content-Type: application/cloudevents-batch+json\r\n")
  }

  private func answer(_ function: RunningFunction, _ request: String) throws -> RawClient.Answer {
    let client = try RawClient(port: function.port)
    try client.send(request)
    return try client.readAnswer()
  }

  private static let rejection = Rejection(stage: "test", reason: .invalidValue, detail: "d")

  enum From: CaseIterable { case knative, wrapped, unwrapped, eventarc, eventarcMode, agent }

  private func request(_ from: From) -> String {
    switch from {
    case .knative: post("", Self.binary)
    case .wrapped: post(Self.wrapped)
    case .unwrapped: post("x", Self.metadata)
    case .eventarc: post(Self.wrapped, Self.published)
    case .eventarcMode: post("", Self.binary, path: "/?__GCP_CloudEventsMode=GCS_NOTIFICATION")
    case .agent: post("", Self.binary + "User-Agent: APIs-Google; (+https://x)\r\n")
    }
  }

  @Test(arguments: From.allCases)
  func `each sender is answered in its own words`(_ from: From) throws {
    let isPubSub = from != .knative
    let outcomes: [(Outcome, Int)] = [
      (.done, 204), (.retry(.publishFailed), 503), (.retry(.overloaded), 429),
      (.reject(Self.rejection), isPubSub ? 204 : 422),
    ]
    for (outcome, status) in outcomes {
      let seen = Seen()
      let function = try start(seen, canRecord: true) { delivery in
        #expect(delivery.isFromPubSub == isPubSub && delivery.isOpen)
        delivery.finish(outcome)
        #expect(!delivery.isOpen)
        delivery.finish(.done)  // once is enough
      }
      defer { function.stop() }
      #expect(try answer(function, request(from)).status == status)
      function.onLoop { _ in
        #expect(seen.events.count == 1)
        if case .reject = outcome, isPubSub {
          #expect(seen.recorded.count == 1)
        } else {
          #expect(seen.recorded.isEmpty)
        }
      }
    }
  }

  @Test(arguments: [(true, 204, 1), (false, 503, 1), (nil, 204, 0)] as [(Bool?, Int, Int)])
  func `what Pub/Sub sent is recorded before it is acknowledged, if there is a recorder`(
    _ canRecord: Bool?, _ status: Int, _ recorded: Int
  ) throws {
    let seen = Seen()
    let function = try start(seen, canRecord: canRecord) { $0.finish(.reject(Self.rejection)) }
    defer { function.stop() }
    #expect(try answer(function, post(Self.wrapped)).status == status)
    #expect(function.onLoop { _ in seen.recorded.count } == recorded)
    // Others keep what they are told is no good.
    #expect(try answer(function, post("", Self.binary)).status == 422)
    #expect(function.onLoop { _ in seen.recorded.count } == recorded)
  }

  @Test(arguments: [
    ([Outcome.done, .done, .done], 204), ([.done, .reject(rejection), .done], 422),
    ([.done, .reject(rejection), .retry(.publishFailed)], 503),
    ([.retry(.overloaded), .reject(rejection), .done], 429), ([], 204),
  ])
  func `a batch is answered once, when all of it is finished`(
    _ outcomes: [Outcome], _ status: Int
  ) throws {
    let seen = Seen()
    let function = try start(seen) { seen.open.append($0) }
    defer { function.stop() }
    let client = try RawClient(port: function.port)
    try client.send(json(outcomes.indices.map { "\($0)" }))
    if !outcomes.isEmpty {
      #expect(eventually { function.onLoop { _ in seen.open.count } == outcomes.count })
    }
    function.onLoop { _ in
      // The last first, and the first twice.
      for (delivery, outcome) in zip(seen.open, outcomes).reversed() {
        #expect(seen.open[0].isOpen)
        delivery.finish(outcome)
        delivery.finish(.retry(.publishFailed))
      }
    }
    #expect(try client.readAnswer().status == status)
    #expect(function.onLoop { _ in seen.events } == outcomes.indices.map { "\($0)" })
  }

  @Test func `a batch with one bad event is refused before any is worked on`() throws {
    let seen = Seen()
    let function = try start(seen)
    defer { function.stop() }
    #expect(try answer(function, json(["1", ""])).status == 400)
    #expect(function.onLoop { _ in seen.events } == [])
  }

  @Test(arguments: [
    ("", binary.replacingOccurrences(of: "ce-id: b\r\n", with: ""), 400), ("{}", "", 400),
    ("x", "", 400), ("{\"message\":{\"data\":\"%\",\"messageId\":\"1\"}}", "", 400),
    ("{}", "Content-Type: application/cloudevents+json\r\n", 400),
    ("{}", "Content-Type: application/cloudevents+avro\r\n", 415),
    ("[]", "Content-Type: application/cloudevents-batch+protobuf\r\n", 415),
    ("[1]", "Content-Type: application/cloudevents-batch+json\r\n", 400),
  ])
  func `what is not an event is told so, and nobody is asked`(
    _ body: String, _ fields: String, _ status: Int
  ) throws {
    let seen = Seen()
    let function = try start(seen)
    defer { function.stop() }
    #expect(try answer(function, post(body, fields)).status == status)
    #expect(function.onLoop { _ in seen.events } == [])
  }

  @Test func `each leniency is counted by its name`() throws {
    let function = try start(Seen())
    defer { function.stop() }
    let fields = Self.binary + "ce-subject: é 100%\r\nce-x_y: 1\r\n"
    for _ in 0..<2 { #expect(try answer(function, post("", fields)).status == 204) }
    let counted = function.onLoop { worker in
      worker.callCounters.others.filter { $0.key.outcome == "noted" }
    }
    let names = ["bare_percent", "extension_name", "raw_space", "raw_utf8"]
    #expect(counted.keys.map(\.reason).sorted() == names.map { "leniency_\($0)" })
    #expect(Set(counted.values) == [2])
  }

  @Test func `a webhook gets consent, for the origins that are allowed`() throws {
    func options(_ function: RunningFunction, _ fields: String) throws -> RawClient.Answer {
      try answer(function, "OPTIONS / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    }
    let open = try start(Seen())
    defer { open.stop() }
    let granted = try options(
      open, "WebHook-Request-Origin: a.example\r\nWebHook-Request-Rate: 120\r\n")
    #expect(granted.status == 200)
    #expect(granted.fields["webhook-allowed-origin"] == "*")
    #expect(granted.fields["webhook-allowed-rate"] == "*")
    #expect(granted.fields["allow"] == "POST")
    #expect(try options(open, "").status == 405)

    let closed = try start(Seen(), origins: ["A.example"])
    defer { closed.stop() }
    let one = try options(closed, "WebHook-Request-Origin: a.example\r\n")
    #expect(one.fields["webhook-allowed-origin"] == "a.example")
    #expect(one.fields["webhook-allowed-rate"] == nil)
    let other = try options(closed, "WebHook-Request-Origin: evil.example\r\n")
    #expect(other.status == 405 && other.fields["webhook-allowed-origin"] == nil)
  }

  @Test(arguments: [
    ("projects/p/subscriptions/s", From.wrapped, 204),
    ("projects/p/subscriptions/other", .wrapped, 403),
    ("projects/p/subscriptions/s", .eventarc, 204),
    // Its header can be written by whoever publishes.
    ("projects/p/subscriptions/s", .unwrapped, 403),
    ("projects/p/subscriptions/s", .knative, 403),
  ])
  func `only the subscription that may push gets in`(
    _ allowed: String, _ from: From, _ status: Int
  ) throws {
    let function = try start(Seen(), subscription: allowed)
    defer { function.stop() }
    #expect(try answer(function, request(from)).status == status)
  }

  @Test func `data that looks like a push does not become one`() throws {
    let seen = Seen()
    let function = try start(seen)
    defer { function.stop() }
    #expect(try answer(function, post(Self.wrapped, Self.metadata)).status == 204)
    #expect(function.onLoop { _ in seen.events } == ["u"])
  }

  @Test func `what is on its way when the end begins is served, and the connection closes`() throws
  {
    let seen = Seen()
    let function = try start(seen) { seen.open.append($0) }
    let client = try RawClient(port: function.port)
    try client.send(json(["1", "2"]))
    #expect(eventually { function.onLoop { _ in seen.open.count } == 2 })
    let done = DispatchSemaphore(value: 0)
    function.thread.run { _ in
      function.server.drain(timeout: .seconds(5), cutOff: OutcomeResponses.draining) {
        done.signal()
      }
    }
    #expect(throws: RawClient.Failure.self) { try RawClient(port: function.port) }
    function.onLoop { _ in for delivery in seen.open { delivery.finish(.done) } }
    let answer = try client.readAnswer()
    #expect(answer.status == 204 && answer.fields["connection"] == "close")
    #expect(done.wait(timeout: .now() + 5) == .success)
    function.thread.stop()
  }

  @Test func `what is still open when the time to end is over gets 503 and a closed connection`()
    throws
  {
    let seen = Seen()
    let function = try start(seen) { seen.open.append($0) }
    let client = try RawClient(port: function.port)
    try client.send(post(Self.wrapped))
    #expect(eventually { function.onLoop { _ in seen.open.count } == 1 })
    function.stop()
    let answer = try client.readAnswer()
    #expect(answer.status == 503 && answer.fields["connection"] == "close")
  }
}
