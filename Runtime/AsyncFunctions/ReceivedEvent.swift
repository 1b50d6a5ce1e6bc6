// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import FunctionRuntime

/// A copy of a CloudEvent that may leave its loop's thread.
public struct ReceivedEvent: Sendable {
  /// With `source` it identifies the event: two with equal pairs may be taken for one.
  public let id: String
  /// Where it happened: a URI reference, never empty.
  public let source: String
  public let type: String
  public let subject: String?
  /// When it happened.
  public let time: Timestamp?
  /// The media type of the data, as sent. Nil in a JSON event means JSON.
  public let dataContentType: String?
  /// An absolute URI.
  public let dataSchema: String?
  /// All other attributes, by name.
  public let extensions: [String: CloudEvent.Value]
  /// The data as it was sent. Nil is no data, which differs from empty data and from `null`.
  public let data: [UInt8]?
  /// How Pub/Sub pushed it, also for Eventarc; nil from others.
  public let push: PushOrigin?

  init(_ delivery: EventDelivery) {
    let event = delivery.event
    id = event.id
    source = event.source
    type = event.type
    subject = event.subject
    time = event.time
    dataContentType = event.dataContentType
    dataSchema = event.dataSchema
    extensions = event.extensions
    data = event.withData { bytes in
      [UInt8](capacity: bytes.count) { output in
        for index in bytes.indices { output.append(bytes[index]) }
      }
    }
    push = delivery.push
  }

  /// The message that an event of type `CloudEvent.messagePublished` is about; nil for any other event.
  public var message: ReceivedMessage? {
    guard type == CloudEvent.messagePublished, let data else { return nil }
    let buffer = Buffer(capacity: data.count)
    buffer.append(data.span)
    let message = try? PubSubMessage.decodeWrapped(
      in: buffer, body: 0..<buffer.count, topic: PushTarget.topic(ofSource: source))
    return message.map { ReceivedMessage($0) }
  }
}
