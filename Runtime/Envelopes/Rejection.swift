// SPDX-License-Identifier: MIT
import Bytes

/// The record of a message that can never be used, beside its bytes.
public struct Rejection: Error, Equatable, Sendable {
  /// The longest detail, in bytes: Pub/Sub's limit for the value of an attribute.
  public static let maximumDetailBytes = 1024

  /// Which step refused it: `log-parse`, `bq-loader`.
  public let stage: String
  public let reason: Reason
  /// One sentence for an operator. Never contains a value that came with the event.
  public let detail: String
  /// The event's id, if the message got far enough to have one.
  public let eventID: String?
  /// The event's time, if known.
  public let time: Timestamp?
  /// The names of the event's parameters that no column has, where they may be shown: a JSON array.
  public var dropped: String?

  /// A longer detail is cut, between two characters.
  public init(
    stage: String, reason: Reason, detail: String, eventID: String? = nil, time: Timestamp? = nil
  ) {
    self.stage = stage
    self.reason = reason
    let bytes = Array(detail.utf8)
    let kept = UTF8Text.cut(bytes.span, to: Self.maximumDetailBytes)
    self.detail = kept == bytes.count ? detail : bytes.span.string(0..<kept)
    self.eventID = eventID
    self.time = time
  }
}
