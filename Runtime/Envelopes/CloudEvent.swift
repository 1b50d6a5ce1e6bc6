// SPDX-License-Identifier: MIT
import Bytes

/// One event by CloudEvents 1.0.2, however it came: in headers, as JSON, in a batch, in a Pub/Sub message.
///
/// The attributes are text. The data is the sender's, byte by byte, and stays in the buffer that it came in,
/// so the event's data is good until the buffer is changed.
public struct CloudEvent {
  /// The type that Google gives to a Pub/Sub message; its data is `{"message":{…},"subscription":"…"}`.
  public static let messagePublished = "google.cloud.pubsub.topic.v1.messagePublished"

  /// With `source` it identifies the event: two with equal pairs may be taken for one.
  public let id: String
  /// Where it happened: a URI reference, never empty.
  public let source: String
  public let type: String
  public let subject: String?
  /// When it happened.
  public let time: Timestamp?
  /// The media type of the data, with its parameters, as sent. Nil in a JSON event means JSON.
  public let dataContentType: String?
  /// An absolute URI.
  public let dataSchema: String?
  /// All other attributes, by name.
  public let extensions: [String: Value]

  public internal(set) var buffer: Buffer
  /// Where the data lies in `buffer`. Nil is no data, which differs from empty data and from `null`.
  public let data: Range<Int>?
  /// The sender's offences against the rules that were let pass.
  public let leniencies: Leniencies

  /// Lends the data; nil for an event without data.
  public func withData<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R? {
    guard let data else { return nil }
    return try buffer.withSpan { bytes throws(E) in try body(bytes.extracting(data)) }
  }

  /// The value of an extension. Headers have no types: a value from a header is a string.
  public enum Value: Hashable, Sendable {
    case string(String)
    case boolean(Bool)
    case integer(Int32)

    /// The value as text, as CloudEvents 1.0.2 "Type System" writes it.
    public var text: String {
      switch self {
      case .string(let text): text
      case .boolean(let value): value ? "true" : "false"
      case .integer(let value): "\(value)"
      }
    }

    /// The value as a Boolean, also from text. `True` and `False` count, since Python's SDK sends them.
    public var boolean: Bool? {
      switch self {
      case .boolean(let value): value
      case .string("true"), .string("True"): true
      case .string("false"), .string("False"): false
      default: nil
      }
    }

    /// The value as an Integer, also from text.
    public var integer: Int32? {
      switch self {
      case .integer(let value): value
      case .string(let text): Int32(text)
      case .boolean: nil
      }
    }
  }
}
