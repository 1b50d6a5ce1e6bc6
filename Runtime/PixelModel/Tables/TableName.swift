// SPDX-License-Identifier: MIT
import Bytes

/// `BIGQUERY_TABLE`: the name of the template table, in which `{contract}` stands for the contract that
/// the message was parsed by.
package struct TableName: Sendable {
  package static let placeholder = "{contract}"
  /// BigQuery's limit for a table's name, suffix included.
  package static let maxBytes = 1024
  /// The longest name of a contract.
  package static let maxContract = 63

  package let before: String
  package let after: String
  package let hasContract: Bool

  package static let standard = TableName(before: "pixel", after: "", hasContract: false)

  private init(before: String, after: String, hasContract: Bool) {
    self.before = before
    self.after = after
    self.hasContract = hasContract
  }

  /// Nil if this is no table name.
  package init?(_ pattern: String) {
    let words = pattern.split(separator: "{", maxSplits: 1, omittingEmptySubsequences: false)
    before = String(words[0])
    hasContract = words.count == 2
    if hasContract {
      let rest = "{" + words[1]
      guard rest.hasPrefix(Self.placeholder) else { return nil }
      after = String(rest.dropFirst(Self.placeholder.count))
    } else {
      after = ""
    }
    guard (before + after).utf8.allSatisfy(\.isNameByte), !pattern.isEmpty,
      maxLength <= Self.maxBytes
    else { return nil }
  }

  /// The longest name that this can make.
  package var maxLength: Int {
    before.utf8.count + after.utf8.count + (hasContract ? Self.maxContract : 0)
  }

  /// The table of a message; nil if the name needs a contract and `contract` is not a valid name.
  package func text(contract: String?) -> String? {
    guard hasContract else { return before }
    guard let contract, Self.isContract(contract) else { return nil }
    return before + contract + after
  }

  /// Whether a contract can have this name: `[a-z][a-z0-9_]{0,62}`.
  package static func isContract(_ name: String) -> Bool {
    guard let first = name.utf8.first, first &- 0x61 < 26, name.utf8.count <= maxContract else {
      return false
    }
    return name.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F }
  }
}
