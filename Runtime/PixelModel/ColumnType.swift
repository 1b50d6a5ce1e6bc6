// SPDX-License-Identifier: MIT

/// The type of a BigQuery column, by its name in a schema file.
public enum ColumnType: String, Sendable, CaseIterable {
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
  case geography = "GEOGRAPHY"
  case json = "JSON"
  case interval = "INTERVAL"
  case range = "RANGE"
  case record = "RECORD"

  /// Reads a type as `bq` does: in any letter case, and by its SQL name too.
  public init?(schemaName: String) {
    let name = schemaName.uppercased()
    switch name {
    case "INT64": self = .integer
    case "FLOAT64": self = .float
    case "BOOL": self = .boolean
    case "STRUCT": self = .record
    case "DECIMAL": self = .numeric
    case "BIGDECIMAL": self = .bigNumeric
    default: self.init(rawValue: name)
    }
  }
}

/// Whether a column has to have a value, may have one, or has a list of them.
public enum ColumnMode: String, Sendable, CaseIterable {
  case nullable = "NULLABLE"
  case required = "REQUIRED"
  case repeated = "REPEATED"
}

/// One column of a BigQuery schema.
public struct Column: Equatable, Sendable {
  public let name: String
  public let type: ColumnType
  public let mode: ColumnMode
  public let description: String?
  /// The columns inside a RECORD; empty for other types.
  public let fields: [Column]
  /// How many characters a STRING, or bytes a BYTES, may have; nil for no limit.
  public let maxLength: Int?
  /// The digits that a NUMERIC or BIGNUMERIC may hold.
  public let decimal: DecimalLimits?
  /// Whether BigQuery has a value for rows without the column: `defaultValueExpression`.
  public let hasDefault: Bool

  public init(
    name: String, type: ColumnType, mode: ColumnMode = .nullable, description: String? = nil,
    fields: [Column] = [], maxLength: Int? = nil, decimal: DecimalLimits? = nil,
    hasDefault: Bool = false
  ) {
    self.name = name
    self.type = type
    self.mode = mode
    self.description = description
    self.fields = fields
    self.maxLength = maxLength
    self.decimal = decimal ?? DecimalLimits(of: type)
    self.hasDefault = hasDefault
  }
}
