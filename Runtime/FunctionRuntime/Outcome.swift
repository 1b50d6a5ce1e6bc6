// SPDX-License-Identifier: MIT
import Envelopes
import HTTPServer

/// The end of a call: one of three, for every kind of sender.
public enum Outcome: Sendable {
  /// The work is done and the next hop has the data.
  case done
  /// It may succeed later: the message is not acknowledged and comes again.
  case retry(Reason, detail: String = "")
  /// It can never succeed: it is recorded with its bytes, then acknowledged.
  case reject(Rejection)
}

/// Caller kinds. The same outcome has a different HTTP status for each.
enum Sender {
  /// Pub/Sub, also on behalf of Eventarc: everything but a success makes the message come again.
  case pubSub
  /// Knative and other senders of CloudEvents: they take a 4xx for final and send again after a 5xx.
  case other
}

/// The one place that turns an outcome into an answer.
///
/// 204 is the success code that both Pub/Sub and its emulator take for an acknowledgement; anything else
/// makes the message come again. A body that is neither a message nor an event is a 400, or a 415 if it is an
/// event in a format that is not supported.
enum OutcomeResponses {
  static let done = Response(status: 204)
  static let retry = Response(status: 503)
  static let overloaded = Response(status: 429, headers: [("Retry-After", "1")])
  static let malformed = Response(status: 400)
  static let unknownFormat = Response(status: 415)
  /// Says which codings would do (RFC 9110 §12.5.3).
  static let encoded = Response(status: 415, headers: [("Accept-Encoding", "identity")])
  static let unprocessable = Response(status: 422)
  static let deadline = Response(status: 504)
  static let unauthenticated = Response(status: 401)
  static let forbidden = Response(status: 403)
  static let draining = Response(status: 503)
  static let notFound = Response(status: 404)
  static let postOnly = Response(status: 405, headers: [("Allow", "POST")])
  static let ok = Response(status: 200, text: "ok")
  static let notReady = Response(status: 503, text: "not ready")

  static func refused(status: Int) -> Response {
    switch status {
    case 403: forbidden
    case 503: retry
    default: unauthenticated
    }
  }

  /// The answer to a message that can never succeed; Pub/Sub gets it once the message is recorded.
  static func rejected(by sender: Sender) -> Response {
    switch sender {
    case .pubSub: done
    case .other: unprocessable
    }
  }

  static func response(to reason: Reason) -> Response {
    switch reason {
    case .malformedEnvelope, .malformedData, .malformedCloudEvent: malformed
    case .unknownEventFormat: unknownFormat
    case .contentEncoding: encoded
    case .overloaded: overloaded
    case .deadlineExceeded: deadline
    default: retry
    }
  }
}
