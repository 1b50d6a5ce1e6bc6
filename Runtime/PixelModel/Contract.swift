// SPDX-License-Identifier: MIT
import Bytes

/// Which columns an event has: a plain BigQuery schema file, read at the start.
///
/// The file is the JSON array that `bq mk --schema` takes. It makes the table and says which query
/// parameters are kept, so the two cannot disagree.
public struct Contract: Sendable {
  /// The name of the file without `.json`.
  public let name: String
  /// The first 12 hex digits of the SHA-256 of the file.
  public let version: String
  public let columns: [Column]
  private let index: NameIndex

  /// Reads a schema file; `name` is the contract's name in attributes and messages.
  public init(json: [UInt8], name: String) throws(ContractError) {
    self.name = name
    version = String(SHA256.hex(json.span).prefix(12))
    let lines: [Int]
    (columns, lines) = try ContractFile.columns(json.span, contract: name)
    index = NameIndex(columns.map { Array($0.name.utf8) })
    try requireReservedColumns(lines)
  }

  /// The position in `columns` of the column that has exactly this name, in its letter case.
  public func column(named name: Span<UInt8>) -> Int? { index.find(name) }

  /// The position in `columns` of the column that has exactly this name, in its letter case.
  public func column(named name: String) -> Int? { columns.firstIndex { $0.name == name } }

  private func requireReservedColumns(_ lines: [Int]) throws(ContractError) {
    for reserved in ReservedColumn.allCases {
      guard let position = column(named: reserved.rawValue) else {
        // Without these two columns a repeated event, or the day of an event, could not be recognised.
        guard reserved != .eventID, reserved != .eventTime else {
          throw ContractError(
            "Contract \(name): there is no column \(reserved.rawValue); "
              + "add one of type \(reserved.types[0].rawValue).")
        }
        continue
      }
      let column = columns[position]
      let place = "Contract \(name), line \(lines[position]): column \(column.name)"
      guard reserved.types.contains(column.type) else {
        let allowed = reserved.types.map(\.rawValue).joined(separator: " or ")
        throw ContractError(
          "\(place) is filled by the pipeline and has to be \(allowed), not \(column.type.rawValue)."
        )
      }
      guard column.mode != .repeated else {
        throw ContractError(
          "\(place) is filled by the pipeline and cannot be REPEATED.")
      }
    }
  }
}

/// The reason why a contract cannot be used, in one sentence for the file's author.
public struct ContractError: Error, Equatable, CustomStringConvertible, Sendable {
  public let description: String
  init(_ description: String) { self.description = description }
}
