// SPDX-License-Identifier: MIT
import Foundation

/// Results by group and level, for people.
public struct Report: CustomStringConvertible {
  private let results: [Replay.Result]

  public init(_ results: [Replay.Result]) { self.results = results }

  /// What has to be as expected and is not.
  public var failures: [Replay.Result] { results.filter { !$0.passed && $0.level != .choice } }

  public var description: String {
    var lines = [row("group", "must", "should", "choice")]
    var kinds: [String] = []
    for result in results where !kinds.contains(result.kind) { kinds.append(result.kind) }
    for kind in kinds { lines.append(row(kind, counts { $0.kind == kind })) }
    lines.append(row("all", counts { _ in true }))
    let choices = results.filter { $0.level == .choice }
    if !choices.isEmpty {
      lines += ["", "Left open by the texts: what the case proposes, or what is done instead."]
    }
    lines += choices.map(line)
    if !failures.isEmpty { lines += ["", "Failed:"] }
    lines += failures.map(line)
    return lines.joined(separator: "\n")
  }

  private func line(_ result: Replay.Result) -> String {
    let statuses = result.statuses.map(String.init).joined(separator: ", ")
    let differences = result.differences.joined(separator: "; ")
    return "  \(result.name) (\(statuses)): \(result.passed ? "as proposed" : differences)"
  }

  private func counts(_ included: (Replay.Result) -> Bool) -> [String] {
    Case.Level.allCases.map { level in
      let all = results.filter { $0.level == level && included($0) }
      return all.isEmpty ? "-" : "\(all.count(where: \.passed))/\(all.count)"
    }
  }

  private func row(_ group: String, _ cells: [String]) -> String {
    row(group, cells[0], cells[1], cells[2])
  }

  private func row(_ group: String, _ cells: String...) -> String {
    cells.reduce(group.padding(toLength: 20, withPad: " ", startingAt: 0)) {
      $0 + $1.padding(toLength: 12, withPad: " ", startingAt: 0)
    }.trimmingCharacters(in: .whitespaces)
  }
}
