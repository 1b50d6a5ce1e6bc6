// SPDX-License-Identifier: MIT
import Bytes

extension PubSubMessage {
  /// Reads an unwrapped push: the body is the message's data, the headers say the rest if the subscription
  /// writes metadata (`writeMetadata`).
  ///
  /// Each attribute is a header like any other, so those that only HTTP and Google's front end send are left
  /// out, and the rest is the best guess there is. There is no delivery attempt.
  public static func unwrapped(
    in buffer: Buffer, fields: [HeaderField], body: Range<Int>, topic: String? = nil
  ) -> PubSubMessage {
    var (id, time, subscription, key): (JSONString?, Timestamp?, JSONString?, JSONString?)
    var attributes: [HeaderField] = []
    buffer.withSpan { bytes in
      for field in fields {
        let value = JSONString(range: field.value, hasEscapes: false)
        if field.isNamed("x-goog-pubsub-message-id", in: bytes) {
          id = id ?? value
        } else if field.isNamed("x-goog-pubsub-publish-time", in: bytes) {
          time = time ?? Timestamp(rfc3339: bytes, field.value)
        } else if field.isNamed("x-goog-pubsub-subscription-name", in: bytes) {
          subscription = subscription ?? value
        } else if field.isNamed("x-goog-pubsub-ordering-key", in: bytes)
          || field.isNamed("x-goog-ordering-key", in: bytes)  // the emulator's name for it
        {
          key = key ?? value
        } else if !TransportHeader.covers(field, in: bytes) {
          attributes.append(field)
        }
      }
    }
    return PubSubMessage(
      buffer: buffer, data: body, publishTime: time, deliveryAttempt: nil, topic: topic, id: id,
      subscriptionName: subscription, key: key, attributeObject: nil, fields: attributes,
      isUnwrapped: true)
  }

  /// Takes a whole body for data: an unwrapped push without metadata, which looks like any other POST.
  public static func raw(
    in buffer: Buffer, body: Range<Int>, topic: String? = nil
  ) -> PubSubMessage { unwrapped(in: buffer, fields: [], body: body, topic: topic) }

  func header(_ lowercase: String) -> String? {
    buffer.withSpan { bytes in
      for field in fields where bytes.string(field.name).lowercased() == lowercase {
        return bytes.string(field.value)
      }
      return nil
    }
  }

  func forEachHeader(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
    buffer.withSpan { bytes in
      for field in fields { body(bytes.extracting(field.name), bytes.extracting(field.value)) }
    }
  }
}

/// The headers of a push that its publisher cannot have meant as attributes.
private enum TransportHeader {
  private static let names: [StaticString] = [
    "accept", "accept-charset", "accept-encoding", "accept-language", "authorization",
    "cache-control", "connection", "content-length", "date", "expect", "forwarded", "from", "host",
    "keep-alive", "pragma", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
    "traceparent", "tracestate", "function-execution-id",
  ]
  private static let prefixes: [StaticString] = [
    "x-goog-", "x-google-", "x-cloud-trace-", "x-forwarded-", "x-serverless-", "x-appengine-",
  ]

  static func covers(_ field: HeaderField, in bytes: Span<UInt8>) -> Bool {
    if names.contains(where: { field.isNamed($0, in: bytes) }) { return true }
    if prefixes.contains(where: { field.isNamed(beginningWith: $0, in: bytes) }) { return true }
    // Fields that the emulator's HTTP client adds by itself.
    return field.isNamed("content-type", in: bytes)
      && bytes.equals("application/x-www-form-urlencoded", at: field.value)
  }
}
