// SPDX-License-Identifier: MIT
import Foundation

/// Datasets, tables and rows, kept in a folder: `<dataset>/<table>.ndjson` holds the rows in
/// BigQuery's own load format, `<table>.schema.json` the columns.
public final class BigQueryStore {
  public let project: String
  private let folder: String
  private(set) var datasets: [String: [String: Table]] = [:]
  var window = InsertIDWindow()
  /// How many rows a known `insertId` has kept out.
  var deduplicated = 0

  /// The last rows of all tables, to be looked at.
  private(set) var recent: [(table: String, line: [UInt8])] = []

  /// Opens the folder, making it if it is not there.
  public init(folder: String, project: String) throws {
    self.folder = folder
    self.project = project
    let files = FileManager.default
    try LineFile.makeFolder(folder)
    for entry in try files.contentsOfDirectory(atPath: folder) {
      guard let dataset = entry.removingPercentEncoding else { continue }
      var tables: [String: Table] = [:]
      for file in try files.contentsOfDirectory(atPath: "\(folder)/\(entry)")
      where file.hasSuffix(".schema.json") {
        guard let name = String(file.dropLast(12)).removingPercentEncoding else { continue }
        tables[name] = try Table.load(dataset: dataset, name: name, folder: "\(folder)/\(entry)")
      }
      datasets[dataset] = tables
    }
    for table in tables.suffix(20) {
      let rows = table.rows
      note(try rows.lines(max(0, rows.count - 5)..<rows.count), in: table)
    }
  }

  func note(_ lines: [[UInt8]], in table: Table) {
    recent += lines.suffix(20).map { ("\(table.dataset).\(table.name)", $0) }
    recent.removeFirst(max(0, recent.count - 20))
  }

  /// All tables, by dataset and name.
  var tables: [Table] {
    datasets.values.flatMap(\.values).sorted { ($0.dataset, $0.name) < ($1.dataset, $1.name) }
  }

  func tables(in dataset: String) throws(GoogleError) -> [Table] {
    guard let tables = datasets[dataset] else {
      throw .notFound("Not found: Dataset \(project):\(dataset)")
    }
    return tables.values.sorted { $0.name < $1.name }
  }

  func table(_ dataset: String, _ name: String) throws(GoogleError) -> Table {
    guard let tables = datasets[dataset] else {
      throw .notFound("Not found: Dataset \(project):\(dataset)")
    }
    guard let table = tables[name] else {
      throw .notFound("Not found: Table \(project):\(dataset).\(name)")
    }
    return table
  }

  public func createDataset(_ name: String) throws(GoogleError) {
    let allowed = name.utf8.allSatisfy { $0 == 0x5F || isAlphanumeric($0) }
    guard allowed, (1...200).contains(name.utf8.count) else {
      throw .invalid("Invalid dataset ID \"\(name)\". Dataset IDs must be alphanumeric.")
    }
    guard datasets[name] == nil else {
      throw .duplicate("Already Exists: Dataset \(project):\(name)")
    }
    do {
      try LineFile.makeFolder(path(name))
    } catch {
      throw .internalError("\(error)")
    }
    datasets[name] = [:]
  }

  /// Makes a table; `resource` nil says that `templateSuffix` asks for it.
  @discardableResult
  func createTable(
    _ dataset: String, _ name: String, columns: [Column], resource: JSON.Members?,
    at moment: Moment
  ) throws(GoogleError) -> Table {
    guard let tables = datasets[dataset] else {
      throw .notFound("Not found: Dataset \(project):\(dataset)")
    }
    // A file per table sets a lower bound on names here (200) than BigQuery does (1,024).
    guard (1...200).contains(Table.fileName(name).utf8.count), !name.contains("."),
      !name.contains("$")
    else { throw .invalid("Invalid table ID \"\(name)\".") }
    guard tables[name] == nil else {
      throw .duplicate("Already Exists: Table \(project):\(dataset).\(name)")
    }
    do {
      let table = try Table(
        dataset: dataset, name: name, folder: path(dataset), columns: columns,
        resource: resource, created: moment.unix)
      try table.save()
      datasets[dataset]?[name] = table
      return table
    } catch {
      throw .internalError("\(error)")
    }
  }

  func changeTable(_ dataset: String, _ name: String, columns: [Column], at moment: Moment)
    throws(GoogleError) -> Table
  {
    let table = try table(dataset, name)
    try table.change(to: columns, at: moment)
    do { try table.save() } catch { throw .internalError("\(error)") }
    return table
  }

  func deleteTable(_ dataset: String, _ name: String) throws(GoogleError) {
    try table(dataset, name).delete()
    datasets[dataset]?[name] = nil
  }

  /// Empties all tables that somebody made, and drops those that inserts have made.
  func reset() throws {
    for table in tables {
      if table.isGenerated {
        try deleteTable(table.dataset, table.name)
      } else {
        try table.rows.removeAll()
      }
    }
    window.removeAll()
    (deduplicated, recent) = (0, [])
  }

  private func path(_ dataset: String) -> String { "\(folder)/\(Table.fileName(dataset))" }

  private func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
