// SPDX-License-Identifier: MIT

/// What has to change in a table's columns so that rows of a contract fit.
///
/// BigQuery takes two changes of a table with rows: a column more, and REQUIRED made NULLABLE.
enum ColumnChange: Equatable {
  case none
  /// All columns as they are to be, and what is new, in words.
  case change([JSON], what: [String])
  /// It can't be done, and why.
  case conflict(String)

  init(from table: [JSON], to contract: [JSON]) {
    var what: [String] = []
    do {
      let columns = try Self.merge(table, contract, path: "", &what)
      self = what.isEmpty ? .none : .change(columns, what: what)
    } catch {
      self = .conflict("\(error)")
    }
  }

  private static func merge(
    _ table: [JSON], _ contract: [JSON], path: String, _ what: inout [String]
  ) throws -> [JSON] {
    var columns = table
    for wanted in contract {
      guard let name = wanted["name"]?.string else { continue }
      let full = path + name
      let found = columns.firstIndex { $0["name"]?.string?.lowercased() == name.lowercased() }
      guard let found else {
        guard mode(wanted) != "REQUIRED" else {
          throw Failure("\(full) is REQUIRED: a table with rows takes NULLABLE and REPEATED only")
        }
        columns.append(wanted)
        what.append("add \(full)")
        continue
      }
      let column = columns[found]
      guard type(column) == type(wanted) else {
        throw Failure("\(full) is \(type(column)) in the table, \(type(wanted)) in the contract")
      }
      if mode(column) == "REQUIRED", mode(wanted) == "NULLABLE" {
        columns[found] = columns[found].with("mode", "NULLABLE")
        what.append("make \(full) NULLABLE")
      } else if (mode(column) == "REPEATED") != (mode(wanted) == "REPEATED") {
        throw Failure("\(full) is \(mode(column)) in the table, \(mode(wanted)) in the contract")
      }
      guard let inner = wanted["fields"]?.array else { continue }
      let merged = try merge(column["fields"]?.array ?? [], inner, path: "\(full).", &what)
      columns[found] = columns[found].with("fields", .array(merged))
    }
    return columns
  }

  private static func mode(_ column: JSON) -> String {
    (column["mode"]?.string ?? "NULLABLE").uppercased()
  }

  /// SQL's names of types mean the same as the API's.
  private static func type(_ column: JSON) -> String {
    let name = (column["type"]?.string ?? "").uppercased()
    let same = [
      "INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD",
      "DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC",
    ]
    return same[name] ?? name
  }
}
