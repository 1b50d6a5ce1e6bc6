// SPDX-License-Identifier: MIT
import Foundation

/// The columns of schema files, each text parsed once: thousands of tables have the same.
struct SchemaCache {
  private var known: [Data: [Column]] = [:]

  mutating func columns(inFile path: String) throws -> [Column] {
    let text = FileManager.default.contents(atPath: path) ?? Data()
    if let columns = known[text] { return columns }
    let columns = try Column.columns(from: (try? JSON.parse(text)) ?? [])
    known[text] = columns
    return columns
  }
}
