// SPDX-License-Identifier: MIT
import EventLoop

/// Is told of every call that has been answered, for log lines and counts. The server itself writes none.
///
/// What a handler says about a call is the handler's and its observer's business: the server passes it on.
public protocol CallObserver: AnyObject {
  /// The handler has answered.
  ///
  /// - Parameters:
  ///   - request: The call's request.
  ///   - response: The handler's answer.
  ///   - began: When the handler got the call.
  ///   - note: What came with the answer (`Call.reply(_:note:)`).
  func answered(_ request: Request, _ response: Response, began: Instant, note: AnyObject?)

  /// The server has answered in the handler's place.
  ///
  /// - Parameters:
  ///   - request: The call's request.
  ///   - response: The server's answer.
  ///   - began: When the handler got the call.
  ///   - because: Why the handler did not answer.
  ///   - subject: What the handler had said that the call is about (`Call.concerns`).
  func abandoned(
    _ request: Request, _ response: Response, began: Instant, because: Abandonment,
    subject: AnyObject?)
}

/// Why a call was answered in its handler's place.
public enum Abandonment: Sendable {
  /// The handler took longer than `HTTPLimits.requestTimeout`.
  case deadline
  /// The server ends, and the time to drain is over.
  case draining
}
