// SPDX-License-Identifier: MIT
import Bytes
import Events

/// What the loader has to know of a row, found in one pass over it. The row itself goes into the
/// insertAll request as it came.
///
/// Kept and reused: reading the next row forgets the last one.
public struct RowFacts {
  /// The columns whose values are wanted.
  public let columns: [String]
  /// The row's `event_id`, if it is a string and not empty.
  public private(set) var eventID: JSONString?
  /// The row's `event_time`, if it is one.
  public private(set) var eventTime: Timestamp?
  /// For each of `columns` its value; nil if it is null or not there.
  public private(set) var values: [JSONValue?]
  private let names: [[UInt8]]

  public init(columns: [String]) {
    self.columns = columns
    names = columns.map { Array($0.utf8) }
    values = Array(repeating: nil, count: columns.count)
  }

  /// Reads a row, which has to be one JSON object. Of a column that comes twice the last counts.
  public mutating func read(_ row: Span<UInt8>) throws(JSONError) {
    eventID = nil
    eventTime = nil
    for index in values.indices { values[index] = nil }
    var scanner = JSONScanner()
    try scanner.enterObject(in: row)
    while let name = try scanner.nextMember(in: row) {
      let value = try scanner.value(in: row)
      if name.equals("event_id", in: row) {
        eventID = value.string.flatMap { $0.range.isEmpty ? nil : $0 }
      } else if name.equals("event_time", in: row) {
        eventTime = time(value, in: row)
      }
      for index in names.indices where isName(name, index, in: row) {
        values[index] = value.kind == .null ? nil : value
      }
    }
    try scanner.finish(in: row)
  }

  private func isName(_ name: JSONString, _ index: Int, in row: Span<UInt8>) -> Bool {
    if name.hasEscapes { return name.text(in: row) == names[index] }
    let wanted = names[index]
    return row.equals(wanted.span, at: name.range)
  }

  /// BigQuery takes a TIMESTAMP as text or as a number of seconds.
  private func time(_ value: JSONValue, in row: Span<UInt8>) -> Timestamp? {
    switch value.kind {
    case .string where value.hasEscapes:
      guard let text = value.string?.text(in: row) else { return nil }
      return Timestamp(clientText: text.span, 0..<text.count)
    case .string, .number: return Timestamp(clientText: row, value.range)
    default: return nil
    }
  }
}
