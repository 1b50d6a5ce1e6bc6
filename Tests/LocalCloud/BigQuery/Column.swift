// SPDX-License-Identifier: MIT
import Foundation

/// One column of a table, as BigQuery's schema files describe it.
public struct Column: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case string = "STRING"
    case bytes = "BYTES"
    case integer = "INTEGER"
    case float = "FLOAT"
    case numeric = "NUMERIC"
    case bigNumeric = "BIGNUMERIC"
    case boolean = "BOOLEAN"
    case timestamp = "TIMESTAMP"
    case date = "DATE"
    case time = "TIME"
    case dateTime = "DATETIME"
    case json = "JSON"
    case geography = "GEOGRAPHY"
    case interval = "INTERVAL"
    case range = "RANGE"
    case record = "RECORD"

    /// Takes the SQL names too, which the API accepts and turns into its own.
    init?(name: String) {
      switch name.uppercased() {
      case "INT64": self = .integer
      case "FLOAT64": self = .float
      case "BOOL": self = .boolean
      case "STRUCT": self = .record
      case "DECIMAL": self = .numeric
      case "BIGDECIMAL": self = .bigNumeric
      case let other: self.init(rawValue: other)
      }
    }
  }

  public enum Mode: String, Sendable {
    case nullable = "NULLABLE"
    case required = "REQUIRED"
    case repeated = "REPEATED"
  }

  public var name: String
  public var kind: Kind
  public var mode: Mode
  public var fields: [Column]
  /// What this stand-in keeps but does not use: description, policy tags and so on.
  var extras: JSON.Members

  public init(_ name: String, _ kind: Kind, _ mode: Mode = .nullable, fields: [Column] = []) {
    (self.name, self.kind, self.mode, self.fields) = (name, kind, mode, fields)
    extras = JSON.Members()
  }
}

extension Column {
  /// Reads the array of a schema file, or `schema.fields` of a table resource.
  public static func columns(from json: JSON) throws(GoogleError) -> [Column] {
    guard let items = json.array else { throw .invalid("A schema is an array of fields.") }
    var columns: [Column] = []
    var seen: Set<String> = []
    for item in items {
      let column = try Column(json: item)
      guard seen.insert(column.name.lowercased()).inserted else {
        throw .invalid("Field \(column.name) already exists in schema")
      }
      columns.append(column)
    }
    return columns
  }

  init(json: JSON) throws(GoogleError) {
    guard let members = json.members else { throw .invalid("A field is an object.") }
    guard let name = members["name"]?.string, Self.isName(name) else {
      throw .invalid(
        "Invalid field name \"\(members["name"]?.string ?? "")\". Fields must contain only letters, "
          + "numbers, and underscores, start with a letter or underscore, and be at most 300 "
          + "characters long.")
    }
    let typeName = members["type"]?.string ?? ""
    guard let kind = Kind(name: typeName) else {
      throw .invalid("Invalid value for type: \(typeName) is not a valid value")
    }
    let modeName = members["mode"]?.string ?? "NULLABLE"
    guard let mode = Mode(rawValue: modeName.uppercased()) else {
      throw .invalid("Invalid value for mode: \(modeName) is not a valid value")
    }
    self.init(name, kind, mode)
    if kind == .record {
      fields = try Self.columns(from: members["fields"] ?? [])
      if fields.isEmpty { throw .invalid("Field \(name) is type RECORD but has no schema") }
    }
    extras = JSON.Members(
      members.filter { !["name", "type", "mode", "fields"].contains($0.0) }.map { ($0.0, $0.1) })
  }

  private static func isName(_ name: String) -> Bool {
    guard let first = name.unicodeScalars.first, name.unicodeScalars.count <= 300 else {
      return false
    }
    func isLetter(_ scalar: Unicode.Scalar) -> Bool {
      scalar == "_" || scalar.properties.isAlphabetic
    }
    return isLetter(first)
      && name.unicodeScalars.allSatisfy { isLetter($0) || $0.properties.numericType != nil }
  }

  /// The most characters of a STRING, or bytes of BYTES.
  var maxLength: Int? { kind == .string || kind == .bytes ? extra("maxLength") : nil }

  /// How many digits a NUMERIC or BIGNUMERIC has before and behind its point, if the schema says so.
  var digits: (whole: Int, fraction: Int)? {
    guard kind == .numeric || kind == .bigNumeric, let precision = extra("precision") else {
      return nil
    }
    let scale = extra("scale") ?? 0
    return (precision - scale, scale)
  }

  /// An int64 is a string in Google's JSON.
  private func extra(_ name: String) -> Int? {
    guard let value = extras[name] else { return nil }
    return value.integer ?? value.string.flatMap { Int($0) }
  }

  /// What a row without the column gets: `defaultValueExpression`, of which literals and the usual functions
  /// are known here.
  var defaultValue: JSON? {
    guard let expression = extras["defaultValueExpression"]?.string else { return nil }
    let text = expression.trimmingCharacters(in: .whitespaces)
    for quote in ["'", "\""] where text.count >= 2 && text.hasPrefix(quote) && text.hasSuffix(quote)
    {
      return .string(String(text.dropFirst().dropLast()))
    }
    switch text.uppercased() {
    case "TRUE": return .bool(true)
    case "FALSE": return .bool(false)
    case "GENERATE_UUID()": return .string(UUID().uuidString.lowercased())
    case "CURRENT_TIMESTAMP()", "CURRENT_TIMESTAMP":
      return .number("\(Date().timeIntervalSince1970)")
    case "CURRENT_DATE()", "CURRENT_DATE":
      return .string(String(Date().ISO8601Format().prefix(10)))
    default: return Double(text) == nil ? nil : .number(text)
    }
  }

  var json: JSON {
    var members = JSON.Members([
      ("name", .string(name)), ("type", .string(kind.rawValue)), ("mode", .string(mode.rawValue)),
    ])
    if !fields.isEmpty { members["fields"] = .array(fields.map(\.json)) }
    for (name, value) in extras { members[name] = value }
    return .object(members)
  }
}
