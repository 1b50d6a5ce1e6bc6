// SPDX-License-Identifier: MIT
import Bytes

/// Reads a BigQuery schema file and refuses the mistakes that BigQuery would refuse later.
enum ContractFile {
  /// BigQuery's limit on the depth of records.
  static let maximumDepth = 15
  /// BigQuery's limit on columns, those in records included.
  static let maximumColumns = 10_000

  /// The columns, and the line of the file on which each begins.
  static func columns(
    _ json: Span<UInt8>, contract: String
  ) throws(ContractError) -> (columns: [Column], lines: [Int]) {
    var scanner = JSONScanner()
    var lines = LineCounter()
    do {
      guard try scanner.peek(in: json) == .array else {
        throw ContractError(
          "Contract \(contract): the file is not a JSON array of columns, as bq mk --schema takes.")
      }
      let drafts = try ColumnDraft.list(&scanner, &lines, in: json)
      try scanner.finish(in: json)
      var total = 0
      let place = Place(contract: contract, path: "", line: 1)
      let columns = try check(drafts, in: place, depth: 1, total: &total)
      return (columns, drafts.map(\.line))
    } catch let error as ContractError {
      throw error
    } catch {
      var lines = LineCounter()
      let line = lines.line(at: scanner.position, in: json)
      throw ContractError("Contract \(contract), line \(line): the file is not a schema: \(error).")
    }
  }

  /// Where the columns of one level stand.
  private struct Place {
    let contract: String
    /// The record's name, empty for the columns of the table.
    let path: String
    /// The line of the record, or the file's first.
    let line: Int
  }

  /// The columns of one level, whose names begin with the record's in messages.
  private static func check(
    _ drafts: [ColumnDraft], in place: Place, depth: Int, total: inout Int
  ) throws(ContractError) -> [Column] {
    let path = place.path
    var line = place.line
    func fail(_ reason: String) -> ContractError {
      ContractError("Contract \(place.contract), line \(line): \(reason)")
    }
    guard !drafts.isEmpty else {
      throw fail(path.isEmpty ? "the file has no columns." : "record \(path) has no fields.")
    }
    guard depth <= maximumDepth else {
      throw fail("record \(path) is nested deeper than \(maximumDepth) levels.")
    }
    var seen: Set<String> = []
    var columns: [Column] = []
    for (position, draft) in drafts.enumerated() {
      line = draft.line
      guard let name = draft.name else {
        throw fail("column \(position + 1)\(path.isEmpty ? "" : " of \(path)") has no name.")
      }
      let full = path.isEmpty ? name : "\(path).\(name)"
      if let reason = reasonAgainst(name: name) { throw fail("column \(full): \(reason)") }
      guard seen.insert(name.lowercased()).inserted else {
        throw fail("column \(full) is there twice (letter case does not count).")
      }
      guard let typeName = draft.type else { throw fail("column \(full) has no type.") }
      guard let type = ColumnType(schemaName: typeName) else {
        throw fail("column \(full) has the type \(typeName), which BigQuery does not know.")
      }
      guard let mode = ColumnMode(rawValue: (draft.mode ?? "NULLABLE").uppercased()) else {
        throw fail(
          "column \(full) has the mode \(draft.mode ?? ""); it can be NULLABLE, REQUIRED or REPEATED."
        )
      }
      total += 1
      guard total <= maximumColumns else { throw fail("more than \(maximumColumns) columns.") }
      guard type == .record || draft.fields == nil else {
        throw fail("column \(full) has fields but is \(type.rawValue), not RECORD.")
      }
      let fields =
        type == .record
        ? try check(
          draft.fields ?? [], in: Place(contract: place.contract, path: full, line: line),
          depth: depth + 1, total: &total)
        : []
      let maxLength = draft.maxLength.flatMap { Int($0) }
      guard draft.maxLength == nil || maxLength ?? 0 > 0 else {
        throw fail("column \(full) has the maxLength \(draft.maxLength ?? ""), which is no length.")
      }
      let decimal: DecimalLimits?
      do throws(DecimalLimits.Problem) {
        decimal = try DecimalLimits.read(
          type, precision: draft.precision, scale: draft.scale, rounding: draft.roundingMode)
      } catch {
        throw fail("column \(full) \(error.text).")
      }
      columns.append(
        Column(
          name: name, type: type, mode: mode, description: draft.description, fields: fields,
          maxLength: type == .string || type == .bytes ? maxLength : nil, decimal: decimal,
          hasDefault: draft.hasDefault && depth == 1))
    }
    return columns
  }

  /// BigQuery's rule for column names: letters, digits and underscores, at most 300, no digit first,
  /// and none of its own prefixes.
  private static func reasonAgainst(name: String) -> String? {
    let bytes = Array(name.utf8)
    guard let first = bytes.first else { return "the name is empty." }
    guard bytes.count <= 300 else { return "the name is longer than 300 characters." }
    let isFine = bytes.allSatisfy { byte in
      byte == UInt8(ascii: "_") || byte.decimalDigit != nil
        || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 && byte & 0x40 != 0
    }
    guard isFine, first.decimalDigit == nil else {
      return "a name has letters, digits and underscores only, and no digit first."
    }
    let prefixes = [
      "_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER",
    ]
    for prefix in prefixes where name.uppercased().hasPrefix(prefix) {
      return "names that begin with \(prefix) belong to BigQuery."
    }
    return nil
  }
}

/// A column as the file has it, nothing checked.
private struct ColumnDraft {
  /// The line of the file on which it begins.
  let line: Int
  var name: String?
  var type: String?
  var mode: String?
  var description: String?
  var fields: [ColumnDraft]?
  var maxLength: String?
  var precision: String?
  var scale: String?
  var roundingMode: String?
  var hasDefault = false

  /// The scanner's depth limit bounds the recursion.
  static func list(
    _ scanner: inout JSONScanner, _ lines: inout LineCounter, in json: Span<UInt8>
  ) throws(JSONError) -> [ColumnDraft] {
    var drafts: [ColumnDraft] = []
    try scanner.enterArray(in: json)
    while try scanner.nextElement(in: json) {
      drafts.append(try read(&scanner, &lines, in: json))
    }
    return drafts
  }

  private static func read(
    _ scanner: inout JSONScanner, _ lines: inout LineCounter, in json: Span<UInt8>
  ) throws(JSONError) -> ColumnDraft {
    try scanner.enterObject(in: json)
    var draft = ColumnDraft(line: lines.line(at: scanner.position, in: json))
    while let name = try scanner.nextMember(in: json) {
      if name.equals("fields", in: json) {
        draft.fields = try list(&scanner, &lines, in: json)
        continue
      }
      // Other members (policyTags, collation …) are for BigQuery alone.
      let value = try scanner.value(in: json)
      let text = value.string?.string(in: json)
      // An int64 is a string in Google's JSON; a number is taken too.
      let number = value.kind == .null ? nil : text ?? json.string(value.range)
      if name.equals("maxLength", in: json) { draft.maxLength = number }
      if name.equals("precision", in: json) { draft.precision = number }
      if name.equals("scale", in: json) { draft.scale = number }
      if name.equals("roundingMode", in: json) { draft.roundingMode = text }
      if name.equals("defaultValueExpression", in: json) { draft.hasDefault = text != nil }
      if name.equals("name", in: json) { draft.name = text }
      if name.equals("type", in: json) { draft.type = text }
      if name.equals("mode", in: json) { draft.mode = text }
      if name.equals("description", in: json) { draft.description = text }
    }
    return draft
  }
}

/// Says on which line a byte is; asked in the order of the bytes, it looks at each byte once.
private struct LineCounter {
  private var position = 0
  private var line = 1

  mutating func line(at byte: Int, in text: Span<UInt8>) -> Int {
    while position < min(byte, text.count) {
      if text[position] == UInt8(ascii: "\n") { line += 1 }
      position += 1
    }
    return line
  }
}
