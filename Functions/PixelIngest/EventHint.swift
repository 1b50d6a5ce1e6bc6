// SPDX-License-Identifier: MIT

/// A hint for the sender of an event, which may be valid all the same. Never contains a part of the event.
enum EventHint: Equatable {
  /// An object with events inside was taken for one event.
  case envelope
  /// The column of LogParse's contract that has no value.
  case missing(String)

  var sentence: String {
    switch self {
    case .envelope:
      "This object was taken as one event, which has no type. To send several events, send the list itself, "
        + "[{...},{...}], or one event on a line."
    case .missing(let column): "The contract requires a value for \(column)."
    }
  }
}
