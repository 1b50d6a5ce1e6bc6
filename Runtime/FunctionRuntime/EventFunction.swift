// SPDX-License-Identifier: MIT
import Envelopes
import EventLoop

/// A function of CloudEvents, however they come: in headers, as JSON, in a batch, or as a Pub/Sub push of any
/// shape but a bare one, whose message becomes an event of type `CloudEvent.messagePublished`.
public struct EventFunction {
  var authentication: PushAuthentication
  /// Allowed webhook origins; nil allows all.
  var allowedOrigins: [String]?
  /// Called for each event; it answers through the delivery, now or later on the same loop.
  var receive: (EventDelivery) -> Void
  /// Records an event that can never succeed, and says whether that has worked.
  var record: ((EventDelivery, Rejection, @escaping (Bool) -> Void) -> Void)?

  /// - Parameters:
  ///   - authentication: Who may push, and how the sender's token is checked.
  ///   - allowedOrigins: Which origins get consent in the handshake of webhooks; nil: all.
  ///   - receive: Called for each event; it answers through the delivery, now or later on the same loop.
  ///   - record: Records a pushed message that the function rejects, before it is acknowledged. Without it a
  ///     rejection is only logged. Other senders are told by 422 and keep the event themselves.
  public init(
    authentication: PushAuthentication, allowedOrigins: [String]? = nil,
    receive: @escaping (EventDelivery) -> Void,
    record: ((EventDelivery, Rejection, @escaping (Bool) -> Void) -> Void)? = nil
  ) {
    self.authentication = authentication
    self.allowedOrigins = allowedOrigins
    self.receive = receive
    self.record = record
  }
}

/// One event, to be finished exactly once.
///
/// The event's data lies in the connection's buffer: it may be used until `finish` is called.
public struct EventDelivery {
  public let event: CloudEvent
  let index: Int
  let arrival: EventBatch

  /// Whether an answer would still be sent. Work that has not begun may be left out when not.
  public var isOpen: Bool { arrival.isOpen(index) }

  /// When the sender will have stopped waiting.
  public var deadline: Instant { arrival.call.deadline }

  /// Whether Pub/Sub sent it, also on behalf of Eventarc. A rejection is then recorded and acknowledged.
  public var isFromPubSub: Bool { arrival.sender == .pubSub }

  /// How Pub/Sub pushed it, also for Eventarc; nil from others.
  public var push: PushOrigin? { arrival.push }

  /// Events that came in one batch are answered together: all are done, or the sender is told that not all
  /// are. So one event's `retry` makes all of them come again.
  public func finish(_ outcome: Outcome) { arrival.finish(self, outcome) }
}
