// SPDX-License-Identifier: MIT
import Bytes
import Envelopes

/// Keeps messages that can never succeed: publishes the original bytes to a topic, with the rejection as
/// attributes `stage`, `reason`, `detail`, `event_id`, `time` and `dropped`. Only the first 9 MB of a longer message
/// are kept, and `original_bytes` gives its length.
public final class RejectionRecorder {
  /// Pub/Sub takes messages of 10 MB with their attributes.
  static let maximumBytes = 9_000_000

  private let publisher: Publisher

  public init(publisher: Publisher) { self.publisher = publisher }

  /// Says whether Pub/Sub has the rejection.
  public func record(
    _ message: PubSubMessage, _ rejection: Rejection, _ completion: @escaping (Bool) -> Void
  ) {
    var attributes: [(name: StaticString, value: String)] = [
      ("stage", rejection.stage), ("reason", rejection.reason.rawValue),
      ("detail", rejection.detail),
    ]
    if let id = rejection.eventID { attributes.append(("event_id", id)) }
    if let time = rejection.time { attributes.append(("time", time.description)) }
    if let dropped = rejection.dropped { attributes.append(("dropped", dropped)) }
    var kept = message.data
    if kept.count > Self.maximumBytes {
      kept = kept.lowerBound..<(kept.lowerBound + Self.maximumBytes)
      attributes.append(("original_bytes", "\(message.data.count)"))
    }
    message.buffer.withSpan { bytes in
      publisher.publish(data: bytes.extracting(kept), attributes: attributes) { result in
        if case .success = result { completion(true) } else { completion(false) }
      }
    }
  }
}
