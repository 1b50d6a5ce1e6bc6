// SPDX-License-Identifier: MIT
import Foundation
import LocalCloud

/// Matches the hits of a check with rows and rejections by `order_id`.
struct CheckOutcome {
  private let hits: [CheckHit]
  private let run: String
  private var rows: [String: [(table: String, row: JSON)]] = [:]
  private var rejections: [String: [JSON]] = [:]
  /// By `order_id`: what was wrong with the answer to the hit itself.
  var refused: [String: String] = [:]

  init(hits: [CheckHit], run: String) {
    self.hits = hits
    self.run = run
  }

  mutating func note(_ row: JSON, in table: String) {
    guard let id = row["order_id"]?.string, id.hasPrefix(run + "-") else { return }
    rows[id, default: []].append((table, row))
  }

  /// A rejection keeps the entry's bytes, and the URL in it has the `order_id`.
  mutating func note(_ rejection: JSON) {
    guard let text = rejection["text"]?.string,
      let start = text.range(of: run + "-")?.lowerBound
    else { return }
    let id = text[start...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    rejections[String(id), default: []].append(rejection)
  }

  func account() -> Account {
    var account = Account()
    for hit in hits {
      account.add(fate(of: hit))
      account.repeats += max(0, rows[hit.orderID, default: []].count - 1)
    }
    return account
  }

  private func fate(of hit: CheckHit) -> Account.Fate {
    func wrong(_ what: String) -> Account.Fate { .unaccounted("\(hit.orderID): \(what)") }
    let (rows, rejections) = (rows[hit.orderID, default: []], rejections[hit.orderID, default: []])
    if let refused = refused[hit.orderID] { return wrong(refused) }
    if !rows.isEmpty && !rejections.isEmpty { return wrong("both a row and rejected") }
    guard let ids = Self.oneIdentity(rows.map(\.row), rejections) else {
      return wrong("several events")
    }
    if ids.isEmpty { return wrong("neither row nor rejection") }
    switch (hit.expectation, rows.first) {
    case (.rejection(let reason), nil):
      let got = rejections[0]["reason"]?.string ?? "unknown"
      return got == reason ? .rejected(reason: got) : wrong("rejected for \(got), not \(reason)")
    case (.rejection, .some): return wrong("a row, but it had to be rejected")
    case (.row, nil): return wrong("rejected: \(rejections[0]["reason"]?.string ?? "unknown")")
    case (.row(let values), .some(let first)):
      for (column, value) in values.sorted(by: { $0.key < $1.key })
      where first.row[column] != value {
        let got = first.row[column]?.text ?? "nothing"
        return wrong("\(column) is \(got.prefix(60)), sent was \(value.text.prefix(60))")
      }
      return .row(table: first.table)
    }
  }

  /// The event ids of what was found, nil if they differ: repeats of one event share its id.
  private static func oneIdentity(_ rows: [JSON], _ rejections: [JSON]) -> Set<String>? {
    let ids =
      rows.map { $0["event_id"]?.string ?? "" }
      + rejections.map { $0["attributes"]?["event_id"]?.string ?? "" }
    return Set(ids).count > 1 ? nil : Set(ids)
  }
}
