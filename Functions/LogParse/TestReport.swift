// SPDX-License-Identifier: MIT
import Envelopes
import FunctionRuntime

/// The one log line that a test event leaves. It has codes, counts and names from the contract, and
/// nothing that the visitor sent.
struct TestReport {
  let result: Result<Event, Rejection>
  let leftOut: LeftOut

  init(_ result: Result<Event, Rejection>, _ leftOut: LeftOut) {
    (self.result, self.leftOut) = (result, leftOut)
  }

  func write(to worker: Worker) {
    switch result {
    case .success(let event):
      worker.count("test_accepted")
      worker.log.info(
        "A test event was accepted.",
        [
          "outcome": "test", "event_id": .text(event.id), "contract": .text(event.contract),
          "contract_version": .text(event.contractVersion),
          "parameters_unknown": .number(leftOut.unknown),
          "parameters_repeated": .number(leftOut.repeated),
          "parameters_over_limit": .number(leftOut.overLimit),
          "parameters_name_too_long": .number(leftOut.nameTooLong),
          "values_misfit": .number(leftOut.misfit),
        ])
    case .failure(let rejection):
      worker.count("test_rejected")
      worker.log.info(
        "A test event was rejected.",
        [
          "outcome": "test", "reason": .text(rejection.reason.rawValue),
          "detail": .text(rejection.detail), "event_id": .text(rejection.eventID ?? ""),
        ])
    }
  }
}
