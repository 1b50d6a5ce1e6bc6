// SPDX-License-Identifier: MIT
import EventLoop

/// The right to answer one request, once, now or later on the same loop. An answer that comes too late, after
/// the deadline or after the client has gone, has no effect.
public struct Call {
  let exchange: Exchange
  let number: UInt64

  /// Whether an answer would still be sent.
  public var isOpen: Bool { exchange.isOpen(number) }

  /// When the call is answered 504 if nothing else has been.
  public var deadline: Instant { exchange.deadline }

  /// Answers the request. Neither the request nor anything decoded in place from it may be used afterwards.
  ///
  /// - Parameters:
  ///   - response: The answer.
  ///   - note: For the server's observer.
  public func reply(_ response: Response, note: AnyObject? = nil) {
    exchange.reply(number, response, note: note)
  }

  /// Says what the call is about, for the server's observer should nobody answer it.
  public func concerns(_ subject: AnyObject) {
    if exchange.isOpen(number) { exchange.subject = subject }
  }
}
