// SPDX-License-Identifier: MIT
import Foundation

/// `GET /_local/rows?column=value&…`: the rows of all tables whose columns have these values.
struct RowSearch {
  private var conditions: [(column: String, value: String)] = []
  private var limit = 1_000

  init(_ request: APIRequest) throws(GoogleError) {
    limit = try request.count("limit") ?? limit
    conditions = request.parameters.filter { $0.name != "limit" }.map { ($0.name, $0.value) }
  }

  func answer(from store: BigQueryStore) throws -> JSON {
    var found: [JSON] = []
    search: for table in store.tables {
      let step = 1_000
      for start in stride(from: 0, to: table.rows.count, by: step) {
        for line in try table.rows.lines(start..<start + step) {
          guard found.count < limit else { break search }
          guard mayMatch(line), let row = try? JSON.parse(line), matches(row) else { continue }
          found.append(["table": .string("\(table.dataset).\(table.name)"), "row": row])
        }
      }
    }
    return ["rows": .array(found)]
  }

  /// Looks for the values as bytes, which spares parsing most rows.
  private func mayMatch(_ line: [UInt8]) -> Bool {
    conditions.allSatisfy { condition in
      let value = Array(condition.value.utf8)
      // Only letters and digits are sure to stand in the row as they are.
      guard !value.isEmpty, value.allSatisfy({ Character(Unicode.Scalar($0)).isASCIIWord }) else {
        return true
      }
      return Data(line).range(of: Data(value)) != nil
    }
  }

  private func matches(_ row: JSON) -> Bool {
    conditions.allSatisfy { condition in
      switch row[condition.column] {
      case .string(let text), .number(let text): text == condition.value
      case .some(let other): other.text == condition.value
      case nil: condition.value.isEmpty
      }
    }
  }
}

extension Character {
  fileprivate var isASCIIWord: Bool { isASCII && (isLetter || isNumber || self == "-") }
}
