// SPDX-License-Identifier: MIT
import Envelopes
import EventLoop
import HTTPServer

/// One push of one message, to be finished exactly once.
///
/// The message's bytes lie in the connection's buffer: they may be used until `finish` is called. A class, since
/// it is handed on several times, and copying a message counts every text that it refers to.
public final class Delivery {
  public let message: PubSubMessage
  let call: Call
  private let endpoint: MessageEndpoint

  init(message: PubSubMessage, call: Call, endpoint: MessageEndpoint) {
    self.message = message
    self.call = call
    self.endpoint = endpoint
  }

  /// Whether an answer would still be sent. Work that has not begun may be left out when not.
  public var isOpen: Bool { call.isOpen }

  /// When Pub/Sub will have stopped waiting.
  public var deadline: Instant { call.deadline }

  public func finish(_ outcome: Outcome) { endpoint.finish(self, outcome) }
}

extension Delivery: CallSubject {
  var messageID: String? { message.messageID }
  var event: (id: String, type: String)? { nil }
  var push: PushOrigin? { PushOrigin(message) }
}
