// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import HTTPServer

/// CloudEvents on one worker: decodes them, calls the function, answers by the outcomes and the sender.
final class EventEndpoint {
  private let worker: Worker
  private let function: EventFunction
  private let verifier: PushVerifier

  init(worker: Worker, function: EventFunction) {
    self.worker = worker
    self.function = function
    verifier = PushVerifier(authentication: function.authentication, worker: worker)
  }

  /// Looks at a head before its body is read. A webhook's handshake does nothing, so anybody may begin one.
  func admit(_ request: Request) -> Response? {
    WebhookHandshake.isOne(request) ? nil : verifier.admit(request)
  }

  func receive(_ request: Request, _ call: Call) {
    if WebhookHandshake.isOne(request) {
      let answer = WebhookHandshake.answer(to: request, allowing: function.allowedOrigins)
      return call.reply(answer, note: CallLogNote(result: .done, reason: "webhook_handshake"))
    }
    guard request.isUndecided else { return decode(request, call) }
    verifier.identify(request, call) { [self] in decode(request, call) }
  }

  private func decode(_ request: Request, _ call: Call) {
    let sent: SentEvents
    do throws(EnvelopeError) {
      sent = try request.events()
    } catch {
      let note = CallLogNote(
        result: .malformed, reason: error.reason.rawValue, detail: error.detail)
      return call.reply(OutcomeResponses.response(to: error.reason), note: note)
    }
    guard verifier.mayPush(from: sent.push?.certainSubscription) else {
      return verifier.refuse(call, .subscription)
    }
    for event in sent.events where !event.leniencies.isEmpty {
      for name in event.leniencies.names { worker.count(name) }
    }
    guard !sent.events.isEmpty else {
      return call.reply(OutcomeResponses.done, note: CallLogNote(result: .done))
    }
    let arrival = EventBatch(
      sent.events, call: call, sender: sent.sender, push: sent.push, record: function.record)
    for (index, event) in sent.events.enumerated() {
      function.receive(EventDelivery(event: event, index: index, arrival: arrival))
    }
  }
}
