// SPDX-License-Identifier: MIT
import Foundation

/// One entry of `insertErrors[].errors`.
public struct RowError: Equatable, Sendable {
  public var reason: String
  public var location: String
  public var message: String

  static func invalid(_ location: String, _ message: String) -> RowError {
    RowError(reason: "invalid", location: location, message: message)
  }

  /// The mark of a good row that was not inserted because another one was invalid.
  static let stopped = RowError(reason: "stopped", location: "", message: "")

  var json: JSON {
    [
      "reason": .string(reason), "location": .string(location), "debugInfo": "",
      "message": .string(message),
    ]
  }
}

/// Holds one row against the columns of its table.
struct RowCheck {
  /// Columns that the table does not have are dropped instead of refused.
  var ignoreUnknownValues = false
  private(set) var errors: [RowError] = []

  init(ignoreUnknownValues: Bool = false) { self.ignoreUnknownValues = ignoreUnknownValues }

  /// The row as the table keeps it, in the order of the columns; `errors` says what is wrong.
  mutating func row(_ members: JSON.Members, columns: [Column], at path: String = "")
    -> JSON.Members
  {
    var given: [String: JSON] = [:]
    let known = Set(columns.map { $0.name.lowercased() })
    for (name, value) in members {
      // Column names do not differ by case.
      let key = name.lowercased()
      if known.contains(key) {
        given[key] = value
      } else if !ignoreUnknownValues {
        errors.append(.invalid(path + name, "no such field: \(name)."))
      }
    }
    var row = JSON.Members()
    for column in columns {
      let value = given[column.name.lowercased()]
      if let kept = self.value(value, column: column, at: path + column.name) {
        row.append(column.name, kept)
      }
    }
    return row
  }

  private mutating func value(_ value: JSON?, column: Column, at path: String) -> JSON? {
    // A null that was sent stays one.
    guard let value = value ?? column.defaultValue, !value.isNull else {
      if column.mode == .required {
        errors.append(.invalid(path, "Missing required field: \(path)."))
      }
      return nil
    }
    guard column.mode == .repeated else { return single(value, column: column, at: path) }
    guard let items = value.array else {
      errors.append(.invalid(path, "Repeated field must be imported as a JSON array."))
      return nil
    }
    var kept: [JSON] = []
    for (index, item) in items.enumerated() {
      let place = "\(path)[\(index)]"
      if item.isNull {
        errors.append(.invalid(place, "Only optional fields can be set to NULL. Field: \(path)."))
      } else if let one = single(item, column: column, at: place) {
        kept.append(one)
      }
    }
    return kept.isEmpty ? nil : .array(kept)
  }

  private mutating func single(_ value: JSON, column: Column, at path: String) -> JSON? {
    if column.kind == .record, let members = value.members {
      return .object(row(members, columns: column.fields, at: path + "."))
    }
    do {
      let kept = try column.kind.convert(value, field: column.name)
      if let limit = column.maxLength, let text = kept.string {
        let length =
          column.kind == .bytes
          ? Data(base64Encoded: text)?.count ?? 0 : text.unicodeScalars.count
        if length > limit {
          errors.append(
            .invalid(path, "Value has length \(length) which exceeds the maximum length \(limit)."))
          return nil
        }
      }
      if let digits = column.digits { return .string(try decimal(value, column.kind, digits)) }
      return kept
    } catch {
      errors.append(.invalid(path, error.message))
      return nil
    }
  }

  /// The number with the digits that the column has: rounded behind the point, refused before it.
  private func decimal(
    _ value: JSON, _ kind: Column.Kind, _ digits: (whole: Int, fraction: Int)
  ) throws(Column.Kind.Unconvertible) -> String {
    let text = value.string ?? value.text
    if let number = Decimal38(text),
      let kept = number.rounded(integerDigits: digits.whole, fractionDigits: digits.fraction)
    {
      return kept
    }
    throw Column.Kind.Unconvertible(
      "Invalid \(kind.rawValue)(\(digits.whole + digits.fraction), \(digits.fraction)) value: \(text)"
    )
  }
}
