// SPDX-License-Identifier: MIT
import Bytes

/// A Pub/Sub message as a push delivers it.
///
/// The bytes stay in the buffer that they came in; texts are decoded when they are asked for. So the
/// message is good until the buffer is changed.
public struct PubSubMessage {
  public internal(set) var buffer: Buffer
  /// The message's data, decoded, inside `buffer`.
  public let data: Range<Int>
  /// When Pub/Sub took the message.
  public let publishTime: Timestamp?
  /// How often this subscription has tried, from 1; only sent where there is a dead-letter topic.
  public let deliveryAttempt: Int?
  /// `projects/P/topics/T`, where the push's URL or an event's source says it; a plain push does not.
  public let topic: String?
  let id: JSONString?
  let subscriptionName: JSONString?
  let key: JSONString?
  /// The object of attributes, as it came.
  let attributeObject: Range<Int>?
  /// Attributes that came as headers.
  var fields: [HeaderField] = []
  /// Whether the push was unwrapped. Then the message's id, time and subscription came in headers, which its
  /// publisher can overwrite with attributes: none of them may be trusted, the subscription least of all.
  public internal(set) var isUnwrapped = false

  /// The id that Pub/Sub gave the message; empty if there was none. A publisher's retry makes a new
  /// one, so it does not identify an event.
  public var messageID: String { text(id) ?? "" }
  public var hasMessageID: Bool { id.map { !$0.range.isEmpty } ?? false }
  /// `projects/P/subscriptions/S`
  public var subscription: String? { text(subscriptionName) }
  public var orderingKey: String? { text(key) }

  private func text(_ string: JSONString?) -> String? {
    guard let string else { return nil }
    return buffer.withSpan { string.string(in: $0) }
  }

  /// The value of the attribute `name`. Of attributes that came as headers the case is not looked at.
  public func attribute(_ name: String) -> String? {
    if isUnwrapped { return header(name.lowercased()) }
    let wanted = Array(name.utf8)
    var found: String?
    forEachAttribute { name, value in
      if found == nil, name.equals(wanted.span, at: 0..<name.count) { found = value.string }
    }
    return found
  }

  /// Calls `body` with each attribute's name and value, in the order they came.
  public func forEachAttribute(_ body: (_ name: Span<UInt8>, _ value: Span<UInt8>) -> Void) {
    if isUnwrapped { return forEachHeader(body) }
    guard let attributeObject else { return }
    buffer.withSpan { bytes in
      var scanner = JSONScanner(at: attributeObject.lowerBound)
      var names = ByteWriter()
      var values = ByteWriter()
      // The object was scanned before, so it cannot fail now.
      guard (try? scanner.enterObject(in: bytes)) != nil else { return }
      while let name = try? scanner.nextMember(in: bytes),
        let value = (try? scanner.value(in: bytes))?.string
      {
        names.removeAll()
        values.removeAll()
        names.append(unescaping: name, in: bytes)
        values.append(unescaping: value, in: bytes)
        body(names.bytes.span, values.bytes.span)
      }
    }
  }
}
