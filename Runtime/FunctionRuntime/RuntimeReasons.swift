// SPDX-License-Identifier: MIT
import Envelopes

/// What the runtime itself may say about a call, whatever the function is.
extension Reason {
  /// The body of a push or an event has a `Content-Encoding`: answered 415.
  public static let contentEncoding = Reason("content_encoding")
  /// The rejection could not be recorded, so the message may not be acknowledged yet.
  public static let rejectionNotRecorded = Reason("rejection_not_recorded")
  /// As many calls are in flight as `MAX_IN_FLIGHT` allows.
  public static let overloaded = Reason("overloaded")
  /// The call took longer than `REQUEST_TIMEOUT`.
  public static let deadlineExceeded = Reason("deadline_exceeded")
  /// The function's own code failed.
  public static let handlerFailed = Reason("handler_failed")
  /// The process is shutting down.
  public static let draining = Reason("draining")

  /// Those above.
  public static let ofRuntime: [Reason] = [
    .contentEncoding, .rejectionNotRecorded, .overloaded, .deadlineExceeded, .handlerFailed,
    .draining,
  ]
}
