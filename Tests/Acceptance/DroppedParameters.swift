// SPDX-License-Identifier: MIT
import LocalCloud

/// The parameters that no column takes, by name, as the cloud's state counts them.
struct DroppedParameters {
  private(set) var counts: [String: Int] = [:]
  /// Those of further names.
  private var others: Int

  init(_ state: JSON) {
    for one in state["dropped"]?.array ?? [] {
      if let name = one["name"]?.string { counts[name] = one["count"]?.integer ?? 0 }
    }
    others = state["droppedOthers"]?.integer ?? 0
  }

  /// A line for all, then one for each name, the most frequent first; empty if there are none.
  func since(_ before: DroppedParameters) -> String {
    let new = counts.map { ($0.key, $0.value - before.counts[$0.key, default: 0]) }.filter {
      $0.1 > 0
    }
    var lines = new.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
      .map { "  \(Account.printable($0.0)): \($0.1)" }
    let rest = others - before.others
    if rest > 0 { lines.append("  others: \(rest)") }
    guard !lines.isEmpty else { return "" }
    let sum = new.reduce(rest) { $0 + $1.1 }
    return "parameters without a column: \(sum)\n" + lines.joined(separator: "\n")
  }
}
