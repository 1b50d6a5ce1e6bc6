// SPDX-License-Identifier: MIT
import Bytes

/// Reads a BigQuery schema file and refuses the mistakes that BigQuery would refuse later.
enum ContractFile {
  /// BigQuery's limit on the depth of records.
  static let maximumDepth = 15
  /// BigQuery's limit on columns, those in records included.
  static let maximumColumns = 10_000

  static func columns(
    _ json: Span<UInt8>, contract: String
  ) throws(ContractError) -> [Column] {
    var scanner = JSONScanner()
    do {
      guard try scanner.peek(in: json) == .array else {
        throw ContractError(
          "Contract \(contract): the file is not a JSON array of columns, as bq mk --schema takes.")
      }
      let drafts = try ColumnDraft.list(&scanner, in: json)
      try scanner.finish(in: json)
      var total = 0
      return try check(drafts, in: contract, path: "", depth: 1, total: &total)
    } catch let error as ContractError {
      throw error
    } catch {
      throw ContractError("Contract \(contract): the file is not a schema: \(error).")
    }
  }

  /// The columns of one level, whose names begin with `path` in messages.
  private static func check(
    _ drafts: [ColumnDraft], in contract: String, path: String, depth: Int, total: inout Int
  ) throws(ContractError) -> [Column] {
    func fail(_ reason: String) -> ContractError {
      ContractError("Contract \(contract): \(reason)")
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
        ? try check(draft.fields ?? [], in: contract, path: full, depth: depth + 1, total: &total)
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
    _ scanner: inout JSONScanner, in json: Span<UInt8>
  ) throws(JSONError) -> [ColumnDraft] {
    var drafts: [ColumnDraft] = []
    try scanner.enterArray(in: json)
    while try scanner.nextElement(in: json) { drafts.append(try read(&scanner, in: json)) }
    return drafts
  }

  private static func read(
    _ scanner: inout JSONScanner, in json: Span<UInt8>
  ) throws(JSONError) -> ColumnDraft {
    var draft = ColumnDraft()
    try scanner.enterObject(in: json)
    while let name = try scanner.nextMember(in: json) {
      if name.equals("fields", in: json) {
        draft.fields = try list(&scanner, in: json)
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
