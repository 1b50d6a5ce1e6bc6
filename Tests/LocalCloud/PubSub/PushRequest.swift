// SPDX-License-Identifier: MIT

/// One POST to a subscriber, and how to report what became of it.
public struct PushRequest: Sendable {
  public var subscription: String
  public var token: Int
  public var endpoint: String
  /// Pairs of name and value.
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]
  public var timeout: Duration

  /// What Pub/Sub takes as an acknowledgement; every other status is a refusal.
  public static func acknowledges(_ status: Int) -> Bool {
    [102, 200, 201, 202, 204].contains(status)
  }

  /// Who pushes, as Google's servers say it.
  static let userAgent =
    "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google)"

  init(_ message: Message, attempt: Int, token: Int, to subscription: Subscription) {
    self.subscription = subscription.name
    self.token = token
    endpoint = subscription.endpoint
    timeout = subscription.ackDeadline
    headers = []
    if subscription.unwrapped {
      body = message.payload
      if subscription.writesMetadata {
        headers += Self.metadata(message, subscription)
      }
    } else {
      headers.append(("Content-Type", "application/json"))
      body = Self.envelope(message, attempt: attempt, subscription).bytes
    }
  }

  /// The wrapped form; id and time come in both spellings, and the attempt only with a
  /// dead-letter policy.
  private static func envelope(_ message: Message, attempt: Int, _ subscription: Subscription)
    -> JSON
  {
    var inner = JSON.Members()
    if !message.attributes.isEmpty { inner["attributes"] = message.attributesJSON }
    if !message.data.isEmpty { inner["data"] = .string(message.data) }
    inner["messageId"] = .string(String(message.id))
    inner["message_id"] = .string(String(message.id))
    if !message.orderingKey.isEmpty { inner["orderingKey"] = .string(message.orderingKey) }
    inner["publishTime"] = .string(message.publishTime)
    inner["publish_time"] = .string(message.publishTime)
    var outer = JSON.Members([("message", .object(inner))])
    outer["subscription"] = .string(subscription.name)
    if subscription.deadLetter != nil { outer["deliveryAttempt"] = JSON(attempt) }
    return .object(outer)
  }

  /// Attributes become plain headers. One that cannot be a header is left out, or it could end the
  /// line and write another.
  private static func metadata(_ message: Message, _ subscription: Subscription)
    -> [(name: String, value: String)]
  {
    var headers: [(name: String, value: String)] = []
    for (name, value) in message.attributes.sorted(by: { $0.key < $1.key })
    where isToken(name) && value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
      headers.append((name, value))
    }
    headers.append(("x-goog-pubsub-subscription-name", subscription.name))
    headers.append(("x-goog-pubsub-message-id", String(message.id)))
    headers.append(("x-goog-pubsub-publish-time", message.publishTime))
    if !message.orderingKey.isEmpty, message.orderingKey.utf8.allSatisfy({ $0 >= 0x20 }) {
      headers.append(("x-goog-pubsub-ordering-key", message.orderingKey))
    }
    return headers
  }

  private static func isToken(_ name: String) -> Bool {
    name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
