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

  /// Told which rows a table has taken.
  var onInsert: (_ lines: [[UInt8]], _ table: Table) -> Void = { _, _ in }

  /// Opens the folder, making it if it is not there. `progress` is told how many tables of how many are open,
  /// where that takes its time.
  public init(
    folder: String, project: String, progress: (_ opened: Int, _ all: Int) -> Void = { _, _ in }
  ) throws {
    self.folder = folder
    self.project = project
    let files = FileManager.default
    try LineFile.makeFolder(folder)
    var schemas = SchemaCache()
    for entry in try files.contentsOfDirectory(atPath: folder) {
      guard let dataset = entry.removingPercentEncoding else { continue }
      let place = "\(folder)/\(entry)"
      let names = try files.contentsOfDirectory(atPath: place).filter {
        $0.hasSuffix(".schema.json")
      }
      var tables: [String: Table] = [:]
      for (index, file) in names.enumerated() {
        guard let name = String(file.dropLast(12)).removingPercentEncoding else { continue }
        tables[name] = try Table.load(
          dataset: dataset, name: name, folder: place, schemas: &schemas)
        if index % 2_000 == 1_999 { progress(index + 1, names.count) }
      }
      datasets[dataset] = tables
    }
  }

  /// The tables that were written to last, the newest first.
  func newest(_ count: Int, where isWanted: (Table) -> Bool = { _ in true }) -> [Table] {
    Array(
      datasets.values.flatMap(\.values).filter(isWanted)
        .sorted { ($1.written, $0.name) < ($0.written, $1.name) }.prefix(count))
  }

  /// How many tables and rows there are.
  var size: (tables: Int, rows: Int) {
    datasets.values.flatMap(\.values).reduce((0, 0)) { ($0.0 + 1, $0.1 + $1.rows.count) }
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
    if table.columns == columns { return table }
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
    deduplicated = 0
  }

  private func path(_ dataset: String) -> String { "\(folder)/\(Table.fileName(dataset))" }

  private func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
