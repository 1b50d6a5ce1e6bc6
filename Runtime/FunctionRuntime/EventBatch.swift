// SPDX-License-Identifier: MIT
import Envelopes
import HTTPServer

/// The events of one request, which has one answer: when the last of them is finished.
final class EventBatch {
  let call: Call
  let sender: Sender
  let push: PushOrigin?
  private let record: ((EventDelivery, Rejection, @escaping (Bool) -> Void) -> Void)?
  private var isFinished: [Bool]
  private var left: Int
  /// The answer so far: that of the worst outcome. A retry outweighs a rejection, as it makes the sender
  /// repeat.
  private var answer = OutcomeResponses.done
  /// Nil while all is done.
  private var note: CallLogNote?
  /// What the call is about; nil of a batch, which would not fit a line.
  private let subject: EventSubject?

  init(
    _ events: [CloudEvent], call: Call, sender: Sender, push: PushOrigin?,
    record: ((EventDelivery, Rejection, @escaping (Bool) -> Void) -> Void)?
  ) {
    self.call = call
    self.sender = sender
    self.push = push
    self.record = record
    isFinished = Array(repeating: false, count: events.count)
    left = events.count
    subject = events.count == 1 ? EventSubject(events[0], push: push) : nil
    if let subject { call.concerns(subject) }
  }

  func isOpen(_ index: Int) -> Bool { call.isOpen && !isFinished[index] }

  func finish(_ delivery: EventDelivery, _ outcome: Outcome) {
    guard isOpen(delivery.index) else { return }
    switch outcome {
    case .done: settle(delivery, OutcomeResponses.done, nil)
    case .retry(let reason, let detail):
      let note = CallLogNote(
        result: .retry, reason: reason.rawValue, detail: detail, subject: subject(of: delivery))
      settle(delivery, OutcomeResponses.response(to: reason), note)
    case .reject(let rejection): reject(delivery, rejection)
    }
  }

  private func reject(_ delivery: EventDelivery, _ rejection: Rejection) {
    guard sender == .pubSub, let record else {
      return reject(delivery, rejection, as: .unrecorded)
    }
    record(delivery, rejection) { [self] isRecorded in
      guard isOpen(delivery.index) else { return }
      guard isRecorded else { return finish(delivery, .retry(.rejectionNotRecorded)) }
      reject(delivery, rejection, as: .rejected)
    }
  }

  private func reject(
    _ delivery: EventDelivery, _ rejection: Rejection, as result: CallLogNote.Result
  ) {
    // Its detail may quote a visitor's text, so it is in the recorded message only.
    let note = CallLogNote(
      result: result, reason: rejection.reason.rawValue, subject: subject(of: delivery),
      stage: rejection.stage)
    settle(delivery, OutcomeResponses.rejected(by: sender), note)
  }

  private func subject(of delivery: EventDelivery) -> EventSubject {
    subject ?? EventSubject(delivery.event, push: push)
  }

  /// - Parameter note: Nil if the event was done.
  private func settle(_ delivery: EventDelivery, _ response: Response, _ note: CallLogNote?) {
    isFinished[delivery.index] = true
    if let note, note.result == .retry || self.note?.result != .retry {
      answer = response
      self.note = note
    }
    left -= 1
    guard left == 0 else { return }
    let done: AnyObject = subject ?? CallLogNote(result: .done)
    call.reply(answer, note: self.note ?? done)
  }
}
