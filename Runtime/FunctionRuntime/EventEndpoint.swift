// SPDX-License-Identifier: MIT
import Bytes
import Events

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

  /// Before the body is read: only POST, only from who may push, only as many as fit. A webhook's
  /// handshake does nothing, so anybody may begin one.
  func admit(_ request: Request) -> Response? {
    if WebhookHandshake.isOne(request) { return nil }
    guard request.method == .post else { return OutcomeResponses.postOnly }
    switch verifier.verdict(on: request) {
    case .admitted: break
    case .refused(let rule): return verifier.refusal(rule)
    case .undecided: request.isUndecided = true
    }
    guard worker.load.callsInFlight < worker.settings.limits.maxInFlight else {
      worker.countAndWarn(.overloaded)
      return OutcomeResponses.overloaded
    }
    return nil
  }

  func receive(_ request: Request, _ call: Call) {
    if WebhookHandshake.isOne(request) {
      let answer = WebhookHandshake.answer(to: request, allowing: function.allowedOrigins)
      return call.reply(answer, note: CallNote(result: .done, reason: "webhook_handshake"))
    }
    guard request.isUndecided else { return decode(request, call) }
    verifier.decide(request) { [self] rule in
      guard call.isOpen else { return }
      if let rule { return refuse(call, rule) }
      decode(request, call)
    }
  }

  private func decode(_ request: Request, _ call: Call) {
    let sent: SentEvents
    do throws(EnvelopeError) {
      sent = try request.events()
    } catch {
      let note = CallNote(
        result: .malformed, reason: error.reason.rawValue, detail: error.detail)
      return call.reply(OutcomeResponses.response(to: error.reason), note: note)
    }
    guard verifier.mayPush(from: sent.subscription()) else { return refuse(call, .subscription) }
    for event in sent.events where !event.leniencies.isEmpty {
      for name in event.leniencies.names { worker.count(name) }
    }
    guard !sent.events.isEmpty else {
      return call.reply(OutcomeResponses.done, note: CallNote(result: .done))
    }
    let arrival = EventArrival(
      sent.events.count, call: call, sender: sent.sender, record: function.record)
    for (index, event) in sent.events.enumerated() {
      function.receive(EventDelivery(event: event, index: index, arrival: arrival))
    }
  }

  /// The verifier counts and logs refusals itself, once a minute.
  private func refuse(_ call: Call, _ rule: TokenRule) {
    call.reply(verifier.refusal(rule), note: CallNote(result: .done, reason: rule.rawValue))
  }
}
