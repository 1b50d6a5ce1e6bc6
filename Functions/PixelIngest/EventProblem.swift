// SPDX-License-Identifier: MIT

import Bytes

/// Why an event of a `POST` was not taken: the codes in its answer, and in the table in the README.
enum EventProblem: String, Error, CaseIterable {
  /// There is nothing in the body.
  case empty
  /// Not JSON in UTF-8, or nested more than 64 deep.
  case notJSON = "not_json"
  /// JSON, but neither an object nor, as the whole body, an array.
  case notAnObject = "not_an_object"
  /// More than 1,000 values.
  case tooManyFields = "too_many_fields"
  /// The events before it have used up the bytes that one request may become.
  case tooLarge = "too_large"
  /// A REQUIRED column has no value, by every contract that there is.
  case missingRequired = "missing_required"
  /// More than 64 parameters in the URL, for all events.
  case tooManyDefaults = "too_many_defaults"
  /// Pub/Sub has not said in time that it has the event: to be sent again.
  case notPublished = "not_published"
}

extension EventProblem {
  init(_ problem: JSONQueryProblem) {
    switch problem {
    case .notJSON: self = .notJSON
    case .notAnObject: self = .notAnObject
    case .tooManyValues: self = .tooManyFields
    }
  }
}
