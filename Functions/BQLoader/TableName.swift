// SPDX-License-Identifier: MIT

/// `BIGQUERY_TABLE`: the name of the template table, in which `{contract}` stands for the contract that
/// the message was parsed by.
struct TableName: Sendable {
  static let placeholder = "{contract}"
  /// BigQuery's limit for a table's name, suffix included.
  static let maxBytes = 1024
  /// The longest name of a contract.
  static let maxContract = 63

  let before: String
  let after: String
  let hasContract: Bool

  static let standard = TableName(before: "pixel", after: "", hasContract: false)

  private init(before: String, after: String, hasContract: Bool) {
    self.before = before
    self.after = after
    self.hasContract = hasContract
  }

  /// Nil if this is no table name.
  init?(_ pattern: String) {
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
    guard (before + after).utf8.allSatisfy(Self.isNameByte), !pattern.isEmpty,
      maxLength <= Self.maxBytes
    else { return nil }
  }

  /// The longest name that this can make.
  var maxLength: Int {
    before.utf8.count + after.utf8.count + (hasContract ? Self.maxContract : 0)
  }

  /// The table of a message; nil if the name needs a contract and `contract` is not a valid name.
  func text(contract: String?) -> String? {
    guard hasContract else { return before }
    guard let contract, Self.isContract(contract) else { return nil }
    return before + contract + after
  }

  /// Whether a contract can have this name: `[a-z][a-z0-9_]{0,62}`.
  static func isContract(_ name: String) -> Bool {
    guard let first = name.utf8.first, first &- 0x61 < 26, name.utf8.count <= maxContract else {
      return false
    }
    return name.utf8.allSatisfy { $0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F }
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F
  }
}
