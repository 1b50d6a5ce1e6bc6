// SPDX-License-Identifier: MIT

/// What a function says about a call for its log line, if it was not simply done.
final class CallLogNote {
  enum Result: String {
    case done
    /// Not acknowledged: it comes again.
    case retry
    /// Recorded and acknowledged.
    case rejected
    /// Rejected but not stored: the sender gets the reason in the response.
    case unrecorded
    /// Not something that can be worked on.
    case malformed
    /// Taking longer than allowed.
    case deadline
  }

  let result: Result
  let reason: String?
  /// About services, never about values that came with the message.
  let detail: String?
  let eventID: String?
  let subject: (any CallSubject)?
  let stage: String?

  init(
    result: Result, reason: String? = nil, detail: String? = nil, eventID: String? = nil,
    subject: (any CallSubject)? = nil, stage: String? = nil
  ) {
    self.result = result
    self.reason = reason
    self.detail = detail
    self.eventID = eventID
    self.subject = subject
    self.stage = stage
  }

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
