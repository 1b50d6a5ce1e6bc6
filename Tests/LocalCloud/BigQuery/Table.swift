// SPDX-License-Identifier: MIT
import Foundation

/// One table: its columns, and its rows in a file.
final class Table {
  let dataset: String
  let name: String
  private(set) var columns: [Column]
  /// What else `tables.insert` said, e.g. partitioning; nil for a table that `templateSuffix` made.
  private(set) var resource: JSON.Members?
  let rows: LineFile
  let created: Int64
  private(set) var modified: Int64
  /// When a row came last, as far as is known: after a start, when the file says so.
  var written: Int64

  private let folder: String

  /// A new table, or one that was there before.
  init(
    dataset: String, name: String, folder: String, columns: [Column], resource: JSON.Members?,
    created: Int64
  ) throws(LineFile.Failure) {
    (self.dataset, self.name, self.folder) = (dataset, name, folder)
    (self.columns, self.resource) = (columns, resource)
    (self.created, modified) = (created, created)
    rows = try LineFile(Self.path(folder, name, "ndjson"))
    written = created
  }

  /// Whether somebody made it, as opposed to an insert with a suffix.
  var isGenerated: Bool { resource == nil }

  /// Names hold letters, digits and `_` mostly; the rest is percent-encoded, so that no name can
  /// leave the folder.
  static func fileName(_ name: String) -> String {
    let plain = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    return name.addingPercentEncoding(withAllowedCharacters: plain) ?? "_"
  }

  private static func path(_ folder: String, _ name: String, _ kind: String) -> String {
    "\(folder)/\(fileName(name)).\(kind)"
  }

  static func load(
    dataset: String, name: String, folder: String, schemas: inout SchemaCache
  ) throws -> Table {
    let schema = path(folder, name, "schema.json")
    var about = stat()
    stat(schema, &about)
    let resource = FileManager.default.contents(atPath: path(folder, name, "table.json"))
      .flatMap { try? JSON.parse($0) }
    let table = try Table(
      dataset: dataset, name: name, folder: folder, columns: try schemas.columns(inFile: schema),
      resource: resource?.members, created: modified(about))
    if stat(table.rows.path, &about) == 0 { table.written = modified(about) }
    return table
  }

  private static func modified(_ about: stat) -> Int64 {
    Int64(about.st_mtim.tv_sec) * 1_000_000 + Int64(about.st_mtim.tv_nsec) / 1_000
  }

  /// Writes what `load` reads. The schema file is one that `bq mk --schema` takes.
  func save() throws {
    try Data(JSON.array(columns.map(\.json)).bytes)
      .write(to: URL(fileURLWithPath: Self.path(folder, name, "schema.json")), options: .atomic)
    if let resource {
      try Data(JSON.object(resource).bytes)
        .write(to: URL(fileURLWithPath: Self.path(folder, name, "table.json")), options: .atomic)
    }
  }

  func delete() {
    rows.delete()
    for kind in ["schema.json", "table.json"] { unlink(Self.path(folder, name, kind)) }
  }

  /// Takes columns added at the end of any level, and REQUIRED made NULLABLE; nothing else.
  func change(to columns: [Column], at moment: Moment) throws(GoogleError) {
    try Self.allowChange(from: self.columns, to: columns)
    self.columns = columns
    modified = moment.unix
  }

  private static func allowChange(from old: [Column], to new: [Column]) throws(GoogleError) {
    let byName = Dictionary(new.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { $1 })
    for column in old {
      guard let now = byName[column.name.lowercased()] else {
        throw .invalid(
          "Provided Schema does not match. Field \(column.name) is missing in new schema")
      }
      guard now.kind == column.kind else {
        throw .invalid(
          "Provided Schema does not match. Field \(column.name) has changed type from "
            + "\(column.kind.rawValue) to \(now.kind.rawValue)")
      }
      let relaxed = column.mode == .required && now.mode == .nullable
      guard now.mode == column.mode || relaxed else {
        throw .invalid(
          "Provided Schema does not match. Field \(column.name) has changed mode from "
            + "\(column.mode.rawValue) to \(now.mode.rawValue)")
      }
      try allowChange(from: column.fields, to: now.fields)
    }
    let known = Set(old.map { $0.name.lowercased() })
    for column in new where !known.contains(column.name.lowercased()) && column.mode == .required {
      throw .invalid(
        "Provided Schema does not match. Cannot add required fields to an existing schema. "
          + "(field: \(column.name))")
    }
  }
}
