// SPDX-License-Identifier: MIT
import Bytes
import Events

/// Says which table a row goes to: a pattern such as `_{user_id}_{date}`, filled from the row. BigQuery
/// makes the table `pixel` + suffix from the template `pixel` when the first row for it comes.
///
/// - `{column}` is the row's value of that column (a string, number or boolean as its text), encoded
///   by `ByteWriter.append(suffixValue:)`.
/// - `{date}`, `{month}`, `{hour}` are those of the row's `event_time` in UTC: `20260102`, `202601`,
///   `2026010203`.
/// - Everything else is literal: letters without `Z`, digits, `_`.
///
/// Two rows get one suffix only if their values are the same, whoever chose them: an encoded value
/// never contains `_`, between any two columns there is a literal with `_`, and what else stands
/// between two `_` has a known length. So the suffix can be taken apart again.
///
/// `Z` is left to the encoding: `_Zo…` can then be a table that no row names.
public struct TemplateSuffix: Sendable {
  enum Part: Equatable {
    case literal([UInt8])
    /// A position in `columns`.
    case column(Int)
    case time(TimePart)
  }

  enum TimePart: String {
    case date, month, hour
  }

  /// The columns that the pattern names, each once: what `RowFacts` has to find.
  public let columns: [String]
  let parts: [Part]

  /// Whether the pattern has a `{date}`, `{month}` or `{hour}`.
  public var hasTime: Bool {
    parts.contains { if case .time = $0 { true } else { false } }
  }

  /// Reads a pattern; an empty one puts every row into the base table.
  public init(pattern: String) throws(TemplateSuffixError) {
    var reader = PatternReader(pattern)
    try reader.read()
    columns = reader.columns
    parts = reader.parts
  }

  /// Appends the suffix of the row that `facts` were read from.
  public func append(for facts: RowFacts, in row: Span<UInt8>, to suffix: inout ByteWriter) {
    for part in parts {
      switch part {
      case .literal(let bytes): suffix.append(bytes.span)
      case .column(let index): append(facts.values[index], in: row, to: &suffix)
      case .time(let part): append(part, of: facts.eventTime, to: &suffix)
      }
    }
  }

  /// The suffix of one row, for tools and tests; the loader reads a row's facts once.
  public func suffix(of row: Span<UInt8>) throws(JSONError) -> String {
    var facts = RowFacts(columns: columns)
    try facts.read(row)
    var suffix = ByteWriter(capacity: 64)
    append(for: facts, in: row, to: &suffix)
    return suffix.bytes.span.string
  }

  private func append(_ value: JSONValue?, in row: Span<UInt8>, to suffix: inout ByteWriter) {
    guard let value else { return suffix.append("Zn" as StaticString) }
    guard let string = value.string, string.hasEscapes else {
      return suffix.append(suffixValue: row.extracting(value.range))
    }
    let text = string.text(in: row)
    suffix.append(suffixValue: text.span)
  }

  private func append(_ part: TimePart, of time: Timestamp?, to suffix: inout ByteWriter) {
    guard let time else { return suffix.append("Zn" as StaticString) }
    let date = time.date
    switch part {
    case .date: suffix.append(compactDate: date)
    case .month: suffix.append(decimal: UInt64(date.year * 100 + date.month), digits: 6)
    case .hour:
      suffix.append(compactDate: date)
      suffix.append(decimal: UInt64(time.timeOfDay.hour), digits: 2)
    }
  }
}

extension ByteWriter {
  /// Appends a value as part of a table name, so that no two values look the same: `A–Y a–z 0–9` stay,
  /// every other byte is `Z` and two upper-case hex digits. What would be longer than 128 bytes is `Zh`
  /// and the value's SHA-256; a missing value is `Zn`, written by the caller.
  public mutating func append(suffixValue value: Span<UInt8>) {
    let start = count
    for index in value.indices {
      switch value[index] {
      case UInt8(ascii: "A")...UInt8(ascii: "Y"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        append(value[index])
      case let byte:
        append(UInt8(ascii: "Z"))
        append(upperHex: byte)
      }
      guard count - start <= 128 else {
        truncate(to: start)
        append("Zh" as StaticString)
        append(sha256Of: value)
        return
      }
    }
  }
}
