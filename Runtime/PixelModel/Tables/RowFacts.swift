// SPDX-License-Identifier: MIT
import Bytes

/// The parts of a row that the loader reads: its id, its time, and the values of the columns that make the
/// suffix.
package struct RowFacts {
  package private(set) var eventID: JSONValue?
  package private(set) var time: Timestamp?
  /// In the order of the columns asked for; nil if the row has no such member.
  package private(set) var values: [JSONValue?]

  /// Reads one JSON object and throws for anything else. The first of two members with one name counts.
  package init(of row: Span<UInt8>, columns: [[UInt8]]) throws(JSONError) {
    values = Array(repeating: nil, count: columns.count)
    var scanner = JSONScanner()
    try scanner.enterObject(in: row)
    while let name = try scanner.nextMember(in: row) {
      let value = try scanner.value(in: row)
      guard value.kind != .null else { continue }
      if name.equals("event_id", in: row) {
        eventID = eventID ?? value
      } else if name.equals("event_time", in: row), let text = value.string, time == nil {
        time = Timestamp(rfc3339: row, text.range)
      }
      for index in columns.indices where values[index] == nil {
        if name.equals(columns[index], in: row) { values[index] = value }
      }
    }
    try scanner.finish(in: row)
  }
}

extension JSONString {
  /// Whether the string's text is `text`, however it is escaped.
  package func equals(_ text: [UInt8], in bytes: Span<UInt8>) -> Bool {
    hasEscapes ? self.text(in: bytes) == text : bytes.equals(text.span, at: range)
  }
}
