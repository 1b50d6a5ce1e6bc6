// SPDX-License-Identifier: MIT
import Foundation
import PixelModel

/// What all commands work on: a template table, its suffix tables, and the rules of their names.
public struct Upkeep: Sendable {
  let bigQuery: BigQuery
  let template: String
  let pattern: SuffixPattern
  let isDryRun: Bool
  private let print: @Sendable (String) -> Void

  public init(
    _ bigQuery: BigQuery, template: String, pattern: SuffixPattern, isDryRun: Bool,
    print: @escaping @Sendable (String) -> Void
  ) throws {
    guard !template.isEmpty, template.utf8.allSatisfy(Self.isPlain) else {
      throw Failure("--table is '\(template)': allowed are letters, digits and _.")
    }
    (self.bigQuery, self.template, self.pattern) = (bigQuery, template, pattern)
    (self.isDryRun, self.print) = (isDryRun, print)
  }

  /// The table of moved rows, if its name can be one.
  func checked(archive: String?) throws -> String? {
    guard let archive else { return nil }
    guard !archive.isEmpty, archive.utf8.allSatisfy(Self.isPlain), !archive.hasPrefix(prefix),
      archive != template
    else {
      throw Failure(
        "'\(archive)' can't be the table of moved rows: allowed are letters, digits and _, and not "
          + "\(prefix) in front, or it would be taken for a suffix table.")
    }
    return archive
  }

  /// Whether a byte may be in the name of a table that has suffixes.
  static func isPlain(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F
  }

  /// One line of the result.
  func say(_ line: String) { print(line) }

  /// One line about a change: what has been done, or what would be.
  func say(done: String, wouldBe: String) { print(isDryRun ? "would \(wouldBe)" : done) }

  /// Progress and warnings, apart from the result.
  public static func note(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

  /// The name that all suffix tables begin with.
  var prefix: String { "\(template)_" }

  func suffix(of table: String) -> String { String(table.dropFirst(prefix.count)) }

  /// All suffix tables by name, the empty one too. What else matches the wildcard is reported.
  func suffixTables() async throws -> [String] {
    var tables: [String] = []
    for (name, kind) in try await bigQuery.tableNames() where name.hasPrefix(prefix) {
      if kind == "TABLE" {
        tables.append(name)
      } else {
        Self.note(
          "warning: \(name) is a \(kind): a query over \(prefix)* fails at it. Give it another name."
        )
      }
    }
    return tables
  }

  /// The template table, which has to be there.
  func templateTable() async throws -> JSON {
    if let table = try await bigQuery.table(template) { return table }
    throw Failure(
      "There is no template table. Make it: bq --project_id=\(bigQuery.project) mk --table "
        + "--schema=infra/contracts/pixel.json \(bigQuery.dataset).\(template)")
  }

  /// A table or view that no dataset's default may remove.
  func keepForEver(_ name: String) async throws {
    guard try await bigQuery.table(name)?["expirationTime"] != nil else { return }
    if !isDryRun { try await bigQuery.patchTable(name, ["expirationTime": .null]) }
    say(done: "\(name): never expires now", wouldBe: "keep \(name) from expiring")
  }
}

/// What became of a command.
public enum Completion: Sendable, Equatable {
  case done
  /// Nothing is wrong; the rest can be done later, by the same command.
  case unfinished
  case failed
}

/// The columns of a contract file, as BigQuery takes them.
public func contractColumns(_ file: String) throws -> [JSON] {
  guard let data = FileManager.default.contents(atPath: file) else {
    throw Failure("--contract is '\(file)': there is no such file to read.")
  }
  let name = URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
  do {
    _ = try Contract(json: Array(data), name: name)
  } catch {
    throw Failure("\(error)")
  }
  let columns = try JSON(Array(data)).array ?? []
  for column in columns {
    guard let name = column["name"]?.string?.lowercased() else { continue }
    guard name != "table_suffix", name != "table_date" else {
      throw Failure("Contract \(file): column \(name) is one that the view events adds. Rename it.")
    }
  }
  return columns
}
