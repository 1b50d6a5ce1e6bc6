// SPDX-License-Identifier: MIT

/// What became of each thing that was sent, as the table that `replay` and `check` print.
struct Account {
  enum Fate: Equatable {
    case row(table: String)
    case rejected(reason: String)
    case leftAlone(path: String)
    case unaccounted(String)
  }

  private(set) var total = 0
  private(set) var rows: [String: Int] = [:]
  private(set) var rejected: [String: Int] = [:]
  private(set) var leftAlone: [String: Int] = [:]
  private(set) var unaccounted: [String] = []
  /// Rows beyond the first of an event.
  var repeats = 0

  mutating func add(_ fate: Fate) {
    total += 1
    switch fate {
    case .row(let table): rows[table, default: 0] += 1
    case .rejected(let reason): rejected[reason, default: 0] += 1
    case .leftAlone(let path): leftAlone[path, default: 0] += 1
    case .unaccounted(let why): unaccounted.append(why)
    }
  }

  var isComplete: Bool { unaccounted.isEmpty }

  func table(_ verb: String) -> String {
    var lines: [(String, Int)] = [(verb, total)]
    func part(_ name: String, _ counts: [String: Int]) {
      lines.append((name, counts.values.reduce(0, +)))
      let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      let shown = sorted.prefix(counts.count > 25 ? 20 : 25)
      lines += shown.map { ("  " + Self.printable($0.key), $0.value) }
      if shown.count < counts.count {
        let rest = sorted.dropFirst(shown.count)
        lines.append(("  \(rest.count) others", rest.reduce(0) { $0 + $1.value }))
      }
    }
    part("rows", rows)
    part("rejected", rejected)
    part("left alone", leftAlone)
    lines.append(("unaccounted for", unaccounted.count))
    lines.append(("repeated rows", repeats))
    let width = (lines.map(\.0.count).max() ?? 0) + 2
    var text = lines.map { name, count in
      let number = String(count)
      return name + String(repeating: " ", count: width - name.count)
        + String(repeating: " ", count: max(0, 8 - number.count)) + number
    }.joined(separator: "\n")
    for why in unaccounted.prefix(10) { text += "\n  ? " + Self.printable(why) }
    return text
  }

  /// Names come from URLs: nothing in them may steer a terminal.
  static func printable(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(100).map { scalar -> Unicode.Scalar in
      scalar.properties.generalCategory == .control || scalar.value == 0x7F ? "\u{FFFD}" : scalar
    }
    return String(String.UnicodeScalarView(scalars))
  }
}
