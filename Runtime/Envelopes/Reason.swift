// SPDX-License-Identifier: MIT

/// Why something was not simply done: a code that appears in log lines and in the `reason` attribute of rejected
/// messages. Each module adds its own, and so may anybody's function:
///
///     extension Reason { static let priceMissing = Reason("price_missing") }
public struct Reason: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  /// Lower-case words with `_` between them: one word for a log query.
  public let rawValue: String

  public init(rawValue: String) { self.rawValue = rawValue }
  public init(_ rawValue: String) { self.init(rawValue: rawValue) }

  public var description: String { rawValue }
}

/// Not a message at all: answered 400 or 415, nothing is recorded.
extension Reason {
  /// The push body is not the JSON that Pub/Sub sends, or has no `message`.
  public static let malformedEnvelope = Reason("malformed_envelope")
  /// `message.data` is not base64.
  public static let malformedData = Reason("malformed_data")
  /// The request is not a valid CloudEvent.
  public static let malformedCloudEvent = Reason("malformed_cloud_event")
  /// The request is a CloudEvent in a format other than JSON: answered 415.
  public static let unknownEventFormat = Reason("unknown_event_format")

  /// Those above.
  public static let ofEnvelopes: [Reason] = [
    .malformedEnvelope, .malformedData, .malformedCloudEvent, .unknownEventFormat,
  ]
}
