// SPDX-License-Identifier: MIT
import Envelopes

/// What a function says about a call for its log line.
struct CallNote {
  enum Result: String {
    case done
    /// Not acknowledged: it comes again.
    case retry
    /// Recorded and acknowledged.
    case rejected
    /// Of no use, and recorded by nobody here: its sender knows.
    case unrecorded
    /// Not something that can be worked on.
    case malformed
    /// Taking longer than allowed.
    case deadline
  }

  var result: Result
  var reason: String?
  /// About services, never about values that came with the message.
  var detail: String?
  var eventID: String?
  var subject: CallSubject?
  var stage: String?

  var severity: Severity {
    switch result {
    case .done, .rejected: .info
    case .unrecorded, .retry, .malformed: .warning
    case .deadline: .error
    }
  }

  var sentence: StaticString {
    switch result {
    case .done: "A call was done."
    case .retry: "A push was not acknowledged: it comes again."
    case .rejected: "A message was rejected and recorded."
    case .unrecorded: "An event was rejected and not recorded."
    case .malformed: "A request could not be read."
    case .deadline: "A call took too long."
    }
  }
}

/// What a call is about, for its log line.
enum CallSubject {
  case push(Delivery)
  case event(id: String, type: String, push: PushOrigin?)

  var push: PushOrigin? {
    switch self {
    case .push(let delivery): PushOrigin(delivery.message)
    case .event(_, _, let push): push
    }
  }
}
