// SPDX-License-Identifier: MIT
import Bytes
import Envelopes

/// A copy of a pushed message that may leave its loop's thread.
public struct ReceivedMessage: Sendable {
  /// The message's data, decoded.
  public let data: [UInt8]
  public let attributes: [String: String]
  /// The id that Pub/Sub gave it. A publisher's retry makes a new one.
  public let id: String
  public let orderingKey: String?
  /// `projects/P/subscriptions/S`
  public let subscription: String?
  /// `projects/P/topics/T`, where the push's URL or an event's source says it.
  public let topic: String?
  /// From 1; only with a dead-letter topic.
  public let deliveryAttempt: Int?
  public let publishTime: Timestamp?

  init(_ message: PubSubMessage) {
    data = message.buffer.withSpan { bytes in
      [UInt8](capacity: message.data.count) { output in
        for index in message.data { output.append(bytes[index]) }
      }
    }
    var attributes: [String: String] = [:]
    message.forEachAttribute { name, value in attributes[name.string] = value.string }
    self.attributes = attributes
    id = message.messageID
    orderingKey = message.orderingKey
    subscription = message.subscription
    topic = message.topic
    deliveryAttempt = message.deliveryAttempt
    publishTime = message.publishTime
  }
}
