// SPDX-License-Identifier: MIT
import Bytes

/// The contracts that one service parses by. The first is the default.
public struct Contracts: Sendable {
  public let all: [Contract]
  private let names: [[UInt8]]

  /// Checks that each has a name of its own that can be a table's, and that no table made from one
  /// template can look like another's: `pixel` and `pixel_shop` would both match `pixel_*`.
  public init(_ contracts: [Contract]) throws(ContractError) {
    guard !contracts.isEmpty else { throw ContractError("There is no contract.") }
    for contract in contracts {
      guard Self.isName(contract.name) else {
        throw ContractError(
          "Contract \(contract.name): a name, which is the file's, begins with a lower-case letter "
            + "and has at most 63 lower-case letters, digits and underscores.")
      }
      for other in contracts where other.name.hasPrefix(contract.name + "_") {
        throw ContractError(
          "Contracts \(contract.name) and \(other.name): tables of the second would match "
            + "\(contract.name)_*; rename one of the files.")
      }
    }
    guard Set(contracts.map(\.name)).count == contracts.count else {
      throw ContractError("Two contracts have the same name.")
    }
    all = contracts
    names = contracts.map { Array($0.name.utf8) }
  }

  /// `[a-z][a-z0-9_]{0,62}`
  static func isName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    guard let first = bytes.first, UInt8(ascii: "a")...UInt8(ascii: "z") ~= first else {
      return false
    }
    return bytes.count <= 63
      && bytes.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || byte.decimalDigit != nil
          || byte == UInt8(ascii: "_")
      }
  }

  /// The position in `all` of the contract that has exactly this name.
  public func position(of name: Span<UInt8>) -> Int? {
    for (position, candidate) in names.enumerated()
    where name.equals(candidate.span, at: 0..<name.count) {
      return position
    }
    return nil
  }
}
