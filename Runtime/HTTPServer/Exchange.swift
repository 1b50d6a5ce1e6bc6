// SPDX-License-Identifier: MIT
import Bytes
import EventLoop

/// What `Request` reads and `Call` answers: the current request of one connection, which inherits from this. So
/// neither of the two depends on how a connection reads and writes.
class Exchange {
  enum Phase {
    /// Waiting for a request, or for the rest of its head.
    case head
    case body(length: Int)
    case chunkedBody
    /// The handler has the request; the buffer does not change until the answer.
    case calling
    /// The last answer is on its way; bytes that still arrive are thrown away.
    case lingering
    case closed
  }

  final let input = Buffer(capacity: 4096)
  final var head = RequestHead()
  final var body = 0..<0
  final var deadline = Instant.distantFuture
  final var phase = Phase.head
  final var callNumber: UInt64 = 0
  /// The sender of the current request still has to be identified.
  final var isUndecided = false
  /// What the handler has said that the current call is about. It may refer to this connection, so it ends with
  /// the call.
  final var subject: AnyObject?

  final func isOpen(_ call: UInt64) -> Bool {
    if case .calling = phase { return call == callNumber }
    return false
  }

  /// The address at the other end, without port.
  var peerAddress: String { "" }

  /// Answers call `number` if it is open. Nobody is there to be answered but in a connection.
  func reply(_ number: UInt64, _ response: Response, note: AnyObject?) {}
}
