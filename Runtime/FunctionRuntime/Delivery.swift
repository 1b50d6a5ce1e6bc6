// SPDX-License-Identifier: MIT
import EventLoop
import Events

/// One push of one message, to be finished exactly once.
///
/// The message's bytes lie in the connection's buffer: they may be used until `finish` is called.
public struct Delivery {
  public let message: PubSubMessage
  let call: Call
  let endpoint: MessageEndpoint

  /// Whether an answer would still be sent. Work that has not begun may be left out when not.
  public var isOpen: Bool { call.isOpen }

  /// When Pub/Sub will have stopped waiting.
  public var deadline: Instant { call.deadline }

  public func finish(_ outcome: Outcome) { endpoint.finish(self, outcome) }
}

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

  /// Before the body is read: only POST, only from who may push, only as many as fit.
  func admit(_ request: Request) -> Response? {
    guard request.method == .post else { return OutcomeResponses.postOnly }
    switch verifier.verdict(on: request) {
    case .admitted: break
    case .refused(let rule): return verifier.refusal(rule)
    case .undecided: request.isUndecided = true
    }
    guard worker.load.callsInFlight < worker.settings.limits.maxInFlight else {
      return problem(.overloaded)
    }
    return nil
  }

  func receive(_ request: Request, _ call: Call) {
    guard request.isUndecided else { return decode(request, call) }
    verifier.decide(request) { [self] rule in
      guard call.isOpen else { return }
      if let rule { return call.reply(verifier.refusal(rule)) }
      decode(request, call)
    }
  }

  private func decode(_ request: Request, _ call: Call) {
    let message: PubSubMessage
    let body = request.bodyInPlace
    do throws(EnvelopeError) {
      message = try PubSubMessage.decodeWrapped(in: body.buffer, body: body.range)
    } catch {
      return call.reply(problem(error.reason, bytes: body.range.count))
    }
    guard verifier.mayPush(from: message.subscription) else {
      return call.reply(verifier.refusal(.subscription))
    }
    function.receive(Delivery(message: message, call: call, endpoint: self))
  }

  func finish(_ delivery: Delivery, _ outcome: Outcome) {
    guard delivery.isOpen else { return }
    switch outcome {
    case .done:
      worker.tally.countDone()
      delivery.call.reply(OutcomeResponses.done)
      worker.tally.reportIfDue(worker.log, now: worker.loop.now)
    case .retry(let reason, let detail):
      let response = problem(reason, detail: detail, delivery)
      delivery.call.reply(response)
    case .reject(let rejection):
      function.record(delivery, rejection) { [self] recorded in
        guard delivery.isOpen else { return }
        guard recorded else { return finish(delivery, .retry(.rejectionNotRecorded)) }
        worker.tally.count(rejection.reason)
        // The detail may quote what a visitor sent, so it is in the recorded message only.
        worker.log.info(
          "A message was rejected and recorded.",
          [
            "reason": .text(rejection.reason.rawValue), "stage": .text("\(rejection.stage)"),
            "event_id": .text(rejection.eventID ?? ""),
            "message_id": .text(delivery.message.messageID),
          ])
        delivery.call.reply(OutcomeResponses.done)
        worker.tally.reportIfDue(worker.log, now: worker.loop.now)
      }
    }
  }

  /// Counts and logs what is not done, and gives its answer.
  private func problem(
    _ reason: Reason, detail: String = "", bytes: Int? = nil, _ delivery: Delivery? = nil
  ) -> Response {
    worker.tally.count(reason)
    worker.log.warning(
      "A push was not acknowledged.",
      [
        "reason": .text(reason.rawValue), "detail": .text(detail),
        "message_id": .text(delivery?.message.messageID ?? ""),
        "attempt": .number(delivery?.message.deliveryAttempt ?? 0), "bytes": .number(bytes ?? 0),
      ])
    worker.tally.reportIfDue(worker.log, now: worker.loop.now)
    return OutcomeResponses.response(to: reason)
  }
}
