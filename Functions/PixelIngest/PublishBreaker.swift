// SPDX-License-Identifier: MIT
import EventLoop

/// Whether hits are published at the moment, or written to the log for the sink.
///
/// After a hit that could not be published in time the next ones do not wait as long: they go to the log,
/// but for one a second that finds out whether Pub/Sub is back.
struct PublishBreaker {
  static let trial = Duration.seconds(1)

  private var isClosed = false
  private var nextTrial = Instant(nanoseconds: .min)

  /// Whether to publish the hit that comes now.
  mutating func take(at now: Instant) -> Bool {
    guard isClosed else { return true }
    guard now >= nextTrial else { return false }
    nextTrial = now + Self.trial
    return true
  }

  /// A hit was published, or was not.
  mutating func settled(_ isPublished: Bool, at now: Instant) {
    if !isPublished, !isClosed { nextTrial = now + Self.trial }
    isClosed = !isPublished
  }
}
