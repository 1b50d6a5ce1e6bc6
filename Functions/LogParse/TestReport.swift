// SPDX-License-Identifier: MIT
import Envelopes
import FunctionRuntime

/// The one log line that a test event leaves. It has codes, counts, names from the contract, and the names of
/// the parameters that no column has: of a test they are the tester's own.
struct TestReport {
  let result: Result<Event, Rejection>
  private let omitted: OmittedParameters
  /// A JSON array of names.
  private let dropped: String

  static let maximumNamesBytes = 16 << 10

  init(_ result: Result<Event, Rejection>, _ omitted: OmittedParameters, dropped: String?) {
    self.result = result
    self.omitted = omitted
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
          "parameters_unknown": .number(omitted.unknown),
          "parameters_repeated": .number(omitted.repeated),
          "parameters_over_limit": .number(omitted.overLimit),
          "parameters_name_too_long": .number(omitted.nameTooLong),
          "values_misfit": .number(omitted.misfit), "dropped": .text(dropped),
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
