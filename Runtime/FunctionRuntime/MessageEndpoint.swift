// SPDX-License-Identifier: MIT
import Envelopes
import HTTPServer

/// Pub/Sub pushes on one worker: decodes them, calls the function, answers by the outcome.
final class MessageEndpoint {
  private let worker: Worker
  private let function: MessageFunction
  private let verifier: PushVerifier

  init(worker: Worker, function: MessageFunction) {
    self.worker = worker
    self.function = function
    verifier = PushVerifier(authentication: function.authentication, worker: worker)
  }

  /// Looks at a head before its body is read.
  func admit(_ request: Request) -> Response? { verifier.admit(request) }

  func receive(_ request: Request, _ call: Call) {
    guard request.isUndecided else { return decode(request, call) }
    verifier.identify(request, call) { [self] in decode(request, call) }
  }

  private func decode(_ request: Request, _ call: Call) {
    let message: PubSubMessage
    do throws(EnvelopeError) {
      message = try request.message(
        takesRawBodies: function.takesRawBodies,
        needsID: function.authentication.mode != .none)
    } catch {
      let note = CallLogNote(
        result: .malformed, reason: error.reason.rawValue, detail: error.detail)
      return call.reply(OutcomeResponses.response(to: error.reason), note: note)
    }
    // An unwrapped push cannot prove it: a publisher's attribute may be the header that says it.
    guard verifier.mayPush(from: message.isUnwrapped ? nil : message.subscription) else {
      return verifier.refuse(call, .subscription)
    }
    let delivery = Delivery(message: message, call: call, endpoint: self)
    call.concerns(delivery)
    function.receive(delivery)
  }

  func finish(_ delivery: Delivery, _ outcome: Outcome) {
    guard delivery.isOpen else { return }
    switch outcome {
    case .done: delivery.call.reply(OutcomeResponses.done, note: delivery)
    case .retry(let reason, let detail):
      delivery.call.reply(
        OutcomeResponses.response(to: reason),
        note: CallLogNote(
          result: .retry, reason: reason.rawValue, detail: detail, subject: delivery))
    case .reject(let rejection):
      function.record(delivery, rejection) { [self] recorded in
        guard delivery.isOpen else { return }
        guard recorded else { return finish(delivery, .retry(.rejectionNotRecorded)) }
        // Its detail may quote a visitor's text, so it is in the recorded message only.
        let note = CallLogNote(
          result: .rejected, reason: rejection.reason.rawValue, eventID: rejection.eventID,
          subject: delivery, stage: rejection.stage)
        delivery.call.reply(OutcomeResponses.done, note: note)
      }
    }
  }
}
