// SPDX-License-Identifier: MIT
import EventLoop

/// The right to answer one request, once, now or later on the same loop. What comes too late, after the
/// deadline or after the client has gone, has no effect.
public struct Call {
  let connection: Connection
  let number: UInt64

  /// Whether an answer would still be sent.
  public var isOpen: Bool { connection.isOpen(number) }

  /// When the call is answered 504 if nothing else has been.
  public var deadline: Instant { connection.deadline }

  /// Answers the request. The request and whatever was decoded in place from it may not be used after.
  public func reply(_ response: Response) { connection.reply(number, response) }

  /// Says what the call is about, for its line should nobody answer it.
  func concerns(_ subject: CallSubject) { connection.concerns(number, subject) }

  /// Answers a call that was done.
  func done(_ response: Response, _ subject: CallSubject) {
    connection.done(number, response, subject)
  }

  /// Answers with something for the call's log line.
  func reply(_ response: Response, note: CallNote) {
    connection.reply(number, response, note: note)
  }
}
