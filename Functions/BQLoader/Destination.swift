// SPDX-License-Identifier: MIT

/// The table that a row goes to: the template table's name and the suffix behind it.
struct Destination: Hashable, Sendable {
  let table: String
  /// `templateSuffix`; empty for the table itself.
  let suffix: String

  /// The name of the table that the row ends in.
  var name: String { table + suffix }

  /// Mostly there is one table, so the suffix alone spreads well.
  func hash(into hasher: inout Hasher) { hasher.combine(suffix) }
}
