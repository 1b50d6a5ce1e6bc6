// SPDX-License-Identifier: MIT

/// What makes several rows one event, as SQL.
///
/// A message may be delivered twice: its rows have one `event_id`. A client may send an event twice, since it
/// could not see that the first request had arrived: its rows have one `client_event_id`. Anybody can send
/// an id that somebody else has used, so it only counts together with those of `type`, `client_time` and
/// `user_id` that the contract has: who does not know them hides nothing.
struct EventKey: Sendable {
  private let hasClientID: Bool
  private let content: [String]
  private let order: [String]

  /// - Parameter columns: The contract's, as BigQuery's schema files have them.
  init(columns: [JSON]) {
    var byName: [String: JSON] = [:]
    for column in columns {
      if let name = column["name"]?.string { byName[name] = column }
    }
    let id = byName["client_event_id"]
    hasClientID = id.map { Self.type(of: $0) == "STRING" && !Self.isRepeated($0) } ?? false
    content = ["type", "client_time", "user_id"].compactMap { name in
      byName[name].map { Self.comparable(name, $0) }
    }
    order = ["event_time", "event_id"].filter { byName[$0] != nil }
  }

  private static let clientID = "NULLIF(`client_event_id`, '')"

  /// Keeps one row of each event: the earliest.
  ///
  /// - Parameter places: Columns that are part of the key too, so that a condition on them can leave out
  ///   tables: an event that is in two of those places shows in both.
  func once(in places: [String]) -> String {
    guard hasClientID else {
      // Repeats of one message are equal, so it does not matter which of them stays.
      return "QUALIFY ROW_NUMBER() OVER "
        + "(PARTITION BY table_suffix, table_date, `event_id`) = 1"
    }
    var key = [Self.clientID]
    key += content.map { "IF(\(Self.clientID) IS NULL, NULL, \($0))" }
    key.append("IF(\(Self.clientID) IS NULL, `event_id`, NULL)")
    let head = places.isEmpty ? "" : " \(places.joined(separator: ", ")),"
    return """
      QUALIFY ROW_NUMBER() OVER (
        PARTITION BY\(head)
          \(key.joined(separator: ",\n    "))
        ORDER BY \(order.map { "`\($0)`" }.joined(separator: ", "))
      ) = 1
      """
  }

  private static func type(of column: JSON) -> String { column["type"]?.string?.uppercased() ?? "" }

  private static func isRepeated(_ column: JSON) -> Bool {
    column["mode"]?.string?.uppercased() == "REPEATED"
  }

  /// Types that PARTITION BY takes. All others go by their JSON text.
  private static let plain: Set<String> = [
    "STRING", "INTEGER", "INT64", "BOOLEAN", "BOOL", "NUMERIC", "BIGNUMERIC", "TIMESTAMP",
    "DATETIME",
    "DATE", "TIME", "BYTES",
  ]

  private static func comparable(_ name: String, _ column: JSON) -> String {
    let isPlain = plain.contains(type(of: column)) && !isRepeated(column)
    return isPlain ? "`\(name)`" : "TO_JSON_STRING(`\(name)`)"
  }
}
