// SPDX-License-Identifier: MIT
import Bytes

/// The subscription that pushed a message, and the number of its attempts.
public struct PushOrigin: Equatable, Sendable {
  /// `projects/P/subscriptions/S`
  public let subscription: String?
  /// From 1; only sent where there is a dead-letter topic.
  public let deliveryAttempt: Int?
  /// Whether it came in headers. Then the message's publisher may have written it with attributes.
  public let isUnwrapped: Bool

  /// The subscription, unless the message's publisher may have written it.
  public var certainSubscription: String? { isUnwrapped ? nil : subscription }

  public init(_ message: PubSubMessage) {
    subscription = message.subscription
    deliveryAttempt = message.deliveryAttempt
    isUnwrapped = message.isUnwrapped
  }

  /// The origin in the data of an event of type `messagePublished`; nil for any other event. Ask before the
  /// message is decoded out of the event, which uses its data up.
  public init?(of event: CloudEvent) {
    guard event.type == CloudEvent.messagePublished, let data = event.data,
      let envelope = try? PubSubEnvelope.scan(event.buffer, data)
    else { return nil }
    self.init(envelope, in: event.buffer)
  }

  init(_ envelope: PubSubEnvelope, in buffer: Buffer) {
    subscription = envelope.subscription.map { name in buffer.withSpan { name.string(in: $0) } }
    deliveryAttempt = envelope.deliveryAttempt
    isUnwrapped = false
  }
}
