// SPDX-License-Identifier: MIT
import Envelopes
import Foundation
import ServerSupport
import Settings
import Testing

@testable import FunctionRuntime

/// Which of its five shapes a push is taken for.
@Suite struct MessageShapesTests {
  private final class Seen: @unchecked Sendable { var messages: [String] = [] }

  private func status(
    of fields: String = "", _ body: String, path: String = "/", raw: Bool = false,
    environment: [String: String] = ["PUSH_AUTH": "none"], seen: Seen
  ) throws -> Int {
    let function = try RunningFunction { _ in
      var reader = SettingsReader(environment: environment)
      return .messages(
        MessageFunction(
          authentication: PushAuthentication(&reader), takesRawBodies: raw,
          receive: { delivery in
            let message = delivery.message
            let data = message.buffer.withSpan { $0.string(message.data) }
            seen.messages.append("\(message.messageID) \(message.topic ?? "-") \(data)")
            delivery.finish(.done)
          },
          record: { _, _, completion in completion(true) }))
    }
    defer { function.stop() }
    let client = try RawClient(port: function.port)
    try client.send(
      "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )
    return try client.readAnswer().status
  }

  private static let wrapped =
    #"{"message":{"data":"ZGF0YQ==","messageId":"1"},"subscription":"projects/p/subscriptions/s"}"#
  private static let event =
    "ce-id: e\r\nce-source: //pubsub.googleapis.com/projects/p/topics/t\r\nce-specversion: 1.0\r\n"
    + "ce-type: \(CloudEvent.messagePublished)\r\n"
  private static let metadata = "x-goog-pubsub-message-id: 2\r\n"
  private static let binding = "/?__GCP_CloudEventsMode=CE_PUBSUB_BINDING"
  private static var bound: String {
    let inner = Data(wrapped.utf8).base64EncodedString()
    return #"""
      {"message":{"data":"\#(inner)","messageId":"9","attributes":{"ce-id":"e","ce-specversion":"1.0",
      "ce-source":"//pubsub.googleapis.com/projects/p/topics/t ","ce-type":"\#(CloudEvent.messagePublished)"}}}
      """#.replacingOccurrences(of: "t \"", with: "t\"")
  }

  @Test(arguments: [
    ("", wrapped, "/", false, "1 - data"),
    ("", wrapped, "/projects/p/topics/t", false, "1 projects/p/topics/t data"),
    (event, wrapped, "/", false, "1 projects/p/topics/t data"),
    (metadata, "data", "/", false, "2 - data"), ("", "data", "/", true, " - data"),
    ("", bound, binding, false, "1 projects/p/topics/t data"),
    // What the headers say goes before what the data looks like.
    (metadata, wrapped, "/", false, "2 - \(wrapped)"), (metadata + event, "x", "/", false, "2 - x"),
    ("", wrapped, "/", true, " - \(wrapped)"), (event, "x", "/", true, " - x"),
    (metadata, "data", "/", true, "2 - data"),
  ])
  func `a push is taken for what its headers say`(
    _ fields: String, _ body: String, _ path: String, _ raw: Bool, _ message: String
  ) throws {
    let seen = Seen()
    #expect(try status(of: fields, body, path: path, raw: raw, seen: seen) == 204)
    #expect(seen.messages == [message])
  }

  @Test(arguments: [
    ("ce-id: e\r\n", wrapped, 400),
    (event.replacingOccurrences(of: "messagePublished", with: "x"), wrapped, 400),
    (event, "hello", 400), (event, "", 400),
    ("Content-Type: application/cloudevents+json\r\n", wrapped, 415), ("", "data", 400),
  ])
  func `what is no message is refused`(_ fields: String, _ body: String, _ expected: Int) throws {
    let seen = Seen()
    #expect(try status(of: fields, body, seen: seen) == expected)
    #expect(seen.messages == [])
  }

  @Test func `the subscription in a header proves nothing`() throws {
    let seen = Seen()
    let environment = ["PUSH_AUTH": "none", "PUSH_SUBSCRIPTION": "projects/p/subscriptions/s"]
    #expect(try status(Self.wrapped, environment: environment, seen: seen) == 204)
    let fields = Self.metadata + "x-goog-pubsub-subscription-name: projects/p/subscriptions/s\r\n"
    #expect(try status(of: fields, "data", environment: environment, seen: seen) == 403)
    #expect(seen.messages.count == 1)
  }
}
