// SPDX-License-Identifier: MIT
import Bytes
import PixelModel

extension ByteWriter {
  /// Appends the text of a parameter as a value of a column of `type`, in the encoding that
  /// `tabledata.insertAll` takes; appends nothing and returns false if it does not fit.
  ///
  /// | type | what fits | what is written |
  /// |---|---|---|
  /// | STRING | anything | a string |
  /// | INTEGER | digits with an optional sign, 64 bits | a string of digits, as Google's clients do |
  /// | FLOAT | a decimal number, `NaN`, `Infinity`, `-Infinity` | a number, or one of these strings |
  /// | NUMERIC, BIGNUMERIC | a decimal number with the digits before the point that the column has | a string, rounded to its scale |
  /// | BOOLEAN | `true` `false` `1` `0` `yes` `no`, in any letter case | `true`, `false` |
  /// | TIMESTAMP | `Timestamp(clientText:)` | RFC 3339 in UTC, microseconds |
  /// | DATE, TIME, DATETIME | `2026-01-02`, `03:44[:05[.678]]`, both with `T` or a space | the same |
  /// | BYTES | base64, also URL-safe, with or without padding, of at most `maxLength` bytes | standard base64 |
  /// | JSON | JSON text without numbers beyond a double's range | that text, as a string |
  /// | RANGE | `[start, end)`; another text is passed on | an object of `start` and `end` |
  /// | others | anything: BigQuery is the judge | a string |
  mutating func append(value text: Span<UInt8>, for column: RowPlan.PlannedColumn) -> Bool {
    switch column.type {
    case .string, .geography, .interval, .record: append(json: text)
    case .range: append(range: text)
    case .json: return append(jsonColumn: text)
    case .float where text.isSpecialFloat: append(json: text)
    case .float: return append(float: text)
    case .integer, .numeric, .bigNumeric, .bytes, .timestamp, .date, .time, .dateTime:
      let start = count
      append(UInt8(ascii: "\""))
      guard appendQuoted(text, for: column) else {
        truncate(to: start)
        return false
      }
      append(UInt8(ascii: "\""))
    case .boolean:
      guard let value = text.boolean else { return false }
      append(value ? "true" as StaticString : "false" as StaticString)
    }
    return true
  }

  private mutating func appendQuoted(
    _ text: Span<UInt8>, for column: RowPlan.PlannedColumn
  ) -> Bool {
    switch column.type {
    case .integer: return append(integer: text)
    case .numeric, .bigNumeric: return column.decimal.map { append(numeric: text, $0) } ?? false
    case .bytes: return append(anyBase64: text, maximum: column.maxLength)
    case .timestamp:
      guard let time = Timestamp(clientText: text, 0..<text.count) else { return false }
      append(bigQuery: time)
      return true
    default: return append(civil: text, as: column.type)
    }
  }

  private mutating func append(integer text: Span<UInt8>) -> Bool {
    // A `+` in front of digits; `decimal` takes `-` itself.
    let hasPlus = text.count > 1 && text[0] == UInt8(ascii: "+") && text[1].decimalDigit != nil
    guard let value = text.decimal(at: (hasPlus ? 1 : 0)..<text.count) else { return false }
    append(decimal: value)
    return true
  }

  /// DATE, TIME and DATETIME: calendar and clock without a zone.
  private mutating func append(civil text: Span<UInt8>, as type: ColumnType) -> Bool {
    var scanner = TimeScanner(0..<text.count)
    if type != .time {
      guard let date = scanner.date(in: text) else { return false }
      append(date: date)
    }
    if type == .dateTime, !scanner.isAtEnd {
      guard scanner.take("T", in: text) || scanner.take(" ", in: text) else { return false }
      append(UInt8(ascii: "T"))
    } else if type == .dateTime {
      append("T00:00:00" as StaticString)
      return true
    }
    if type != .date {
      guard let time = scanner.time(in: text, secondsRequired: false) else { return false }
      append(time: time)
      if time.nanoseconds >= 1000 { append(microsecondsOf: time.nanoseconds) }
    }
    return scanner.isAtEnd
  }

  /// Base64 as it survives a query string: URL-safe letters and a `+` that became a space are put
  /// right, missing padding is added.
  private mutating func append(anyBase64 text: Span<UInt8>, maximum: Int?) -> Bool {
    var end = text.count
    while end > 0, text.count - end < 2, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
    let padding = text.count - end
    guard end % 4 != 1, padding == 0 || (end + padding) % 4 == 0 else { return false }
    // Four letters are three bytes.
    if let maximum, end / 4 * 3 + max(0, end % 4 - 1) > maximum { return false }
    for index in 0..<end {
      switch text[index] {
      case UInt8(ascii: "-"), UInt8(ascii: " "): append(UInt8(ascii: "+"))
      case UInt8(ascii: "_"): append(UInt8(ascii: "/"))
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"):
        append(text[index])
      default: return false
      }
    }
    for _ in 0..<((4 - end % 4) % 4) { append(UInt8(ascii: "=")) }
    return true
  }
}

extension Span where Element == UInt8 {
  fileprivate var isSpecialFloat: Bool {
    equals("NaN") || equals("Infinity") || equals("-Infinity")
  }

  fileprivate var boolean: Bool? {
    if equals("1") || isWord("true") || isWord("yes") { return true }
    if equals("0") || isWord("false") || isWord("no") { return false }
    return nil
  }

  /// Whether the text is `word`, which is in lower-case letters, in any letter case.
  private func isWord(_ word: StaticString) -> Bool {
    word.withSpan { word in
      guard count == word.count else { return false }
      for index in indices where self[index] | 0x20 != word[index] { return false }
      return true
    }
  }
}
