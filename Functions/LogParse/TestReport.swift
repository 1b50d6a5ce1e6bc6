// SPDX-License-Identifier: MIT
import Envelopes
import FunctionRuntime

/// The one log line that a test event leaves. It has codes, counts, names from the contract, and the names of
/// the parameters that no column has: of a test they are the tester's own.
struct TestReport {
  let result: Result<Event, Rejection>
  private let leftOut: LeftOut
  /// A JSON array of names.
  private let dropped: String

  static let maximumNamesBytes = 16 << 10

  init(_ result: Result<Event, Rejection>, _ leftOut: LeftOut, dropped: String?) {
    self.result = result
    self.leftOut = leftOut
    self.dropped = dropped ?? "[]"
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
          "values_misfit": .number(leftOut.misfit), "dropped": .text(dropped),
        ])
    case .failure(let rejection):
      worker.count("test_rejected")
      worker.log.info(
        "A test event was rejected.",
        [
          "outcome": "test", "reason": .text(rejection.reason.rawValue),
          "detail": .text(rejection.detail), "event_id": .text(rejection.eventID ?? ""),
          "dropped": .text(dropped),
        ])
    }
  }
}
