// SPDX-License-Identifier: MIT
import Envelopes

/// The events of one request, which has one answer: when the last of them is finished.
final class EventArrival {
  let call: Call
  let sender: Sender
  let push: PushOrigin?
  private let record: ((EventDelivery, Rejection, @escaping (Bool) -> Void) -> Void)?
  private var isFinished: [Bool]
  private var left: Int
  /// What the answer is so far: that of the worst outcome. What may succeed later outweighs what never can,
  /// as it makes the sender repeat.
  private var answer = OutcomeResponses.done
  private var note = CallNote(result: .done)

  init(
    _ count: Int, call: Call, sender: Sender, push: PushOrigin?,
    record: ((EventDelivery, Rejection, @escaping (Bool) -> Void) -> Void)?
  ) {
    self.call = call
    self.sender = sender
    self.push = push
    self.record = record
    isFinished = Array(repeating: false, count: count)
    left = count
  }

  func subject(of event: CloudEvent) -> CallSubject {
    .event(id: event.id, type: event.type, push: push)
  }

  func isOpen(_ index: Int) -> Bool { call.isOpen && !isFinished[index] }

  func finish(_ delivery: EventDelivery, _ outcome: Outcome) {
    guard isOpen(delivery.index) else { return }
    let subject = subject(of: delivery.event)
    switch outcome {
    case .done:
      settle(delivery, OutcomeResponses.done, CallNote(result: .done, subject: subject))
    case .retry(let reason, let detail):
      let note = CallNote(
        result: .retry, reason: reason.rawValue, detail: detail, subject: subject)
      settle(delivery, OutcomeResponses.response(to: reason), note)
    case .reject(let rejection): reject(delivery, rejection)
    }
  }

  private func reject(_ delivery: EventDelivery, _ rejection: Rejection) {
    // Its detail may quote what a visitor sent, so that is in the recorded message only.
    var note = CallNote(
      result: .unrecorded, reason: rejection.reason.rawValue,
      subject: subject(of: delivery.event), stage: rejection.stage)
    guard sender == .pubSub, let record else {
      return settle(delivery, OutcomeResponses.rejected(by: sender), note)
    }
    record(delivery, rejection) { [self] isRecorded in
      guard isOpen(delivery.index) else { return }
      guard isRecorded else { return finish(delivery, .retry(.rejectionNotRecorded)) }
      note.result = .rejected
      settle(delivery, OutcomeResponses.rejected(by: sender), note)
    }
  }

  private func settle(_ delivery: EventDelivery, _ response: Response, _ note: CallNote) {
    isFinished[delivery.index] = true
    if note.result == .retry || (self.note.result != .retry && note.result != .done) {
      answer = response
      self.note = note
    }
    if isFinished.count == 1 { self.note = note }
    left -= 1
    if left == 0 { call.reply(answer, note: self.note) }
  }
}
