// SPDX-License-Identifier: MIT

/// When a suffix table is to go: so many whole days after the last day of its rows.
struct Expiry: Equatable {
  private static let day = 86_400_000

  /// Nil keeps tables for ever.
  let days: Int?

  /// Nothing comes late any more by then: Pub/Sub keeps a message for 7 days unless told otherwise, and
  /// a table that is made again under the name of one that has just gone can lose its first rows.
  static let fewestDays = 8

  enum Verdict: Equatable {
    case same
    /// Milliseconds since 1970; nil for never.
    case change(Int?)
  }

  /// - Parameters:
  ///   - end: The day after the last one of its rows.
  ///   - current: Its expiration, if it has one.
  func verdict(end: Day, current: Int?, now: Int) -> Verdict {
    guard let days else { return current == nil ? .same : .change(nil) }
    let wanted = end.adding(days).milliseconds
    // BigQuery takes no time that has passed, and a day is left to think again.
    let earliest = now + Self.day
    guard wanted < earliest else { return current == wanted ? .same : .change(wanted) }
    if let current, current <= earliest { return .same }
    return .change(earliest)
  }

  /// What new tables get from their dataset; a day more, since it counts from their first row.
  var ofDataset: Int? { days.map { ($0 + 1) * Self.day } }

  var ofPartitions: Int? { days.map { $0 * Self.day } }
}
