// SPDX-License-Identifier: MIT

/// The SQL that moves the rows of some suffix tables into one table, and counts what is there.
struct MoveSQL {
  /// All suffix tables, and the table for their rows, as SQL names them.
  let wildcard: String
  let archive: String
  let columns: [String]

  /// Suffix tables that are moved by one statement.
  struct Group: Sendable, Equatable {
    /// Nil if they have no date.
    let day: Day?
    let end: Day?
    let suffixes: [String]

    var title: String { day.map(\.description) ?? "without a date" }
  }

  /// Fewer than a query may read, and names enough for its text.
  static let mostPerGroup = 500

  private var list: String { columns.map { "`\($0)`" }.joined(separator: ", ") }

  private func only(_ group: Group) -> String {
    "_TABLE_SUFFIX IN (\(group.suffixes.map { "'\($0)'" }.joined(separator: ", ")))"
  }

  /// Which partitions the rows can be in: a day more at each end than any time zone needs.
  private func partitions(_ group: Group, _ table: String) -> String {
    guard let day = group.day, let end = group.end else { return "TRUE" }
    return "\(table)`event_time` >= TIMESTAMP '\(day.adding(-1)) 00:00:00+00' AND "
      + "\(table)`event_time` < TIMESTAMP '\(end.adding(1)) 00:00:00+00'"
  }

  /// Adds what is not there yet; run twice, it adds nothing.
  func move(_ group: Group) -> String {
    """
    MERGE \(archive) AS moved
    USING (
      SELECT \(list), _TABLE_SUFFIX AS table_suffix
      FROM \(wildcard)
      WHERE \(only(group))
      QUALIFY ROW_NUMBER() OVER (PARTITION BY `event_id` ORDER BY _TABLE_SUFFIX) = 1
    ) AS source
    ON moved.`event_id` = source.`event_id` AND \(partitions(group, "moved."))
    WHEN NOT MATCHED THEN
      INSERT (\(list), table_suffix)
      VALUES (\(list), table_suffix)
    """
  }

  /// The values of `Count`.
  func count(_ group: Group) -> String {
    """
    WITH source AS (
      SELECT `event_id` FROM \(wildcard) WHERE \(only(group))
    ), moved AS (
      SELECT `event_id` FROM \(archive)
      WHERE \(partitions(group, "")) AND `event_id` IN (SELECT `event_id` FROM source)
    )
    SELECT
      (SELECT COUNT(*) FROM source),
      (SELECT COUNT(DISTINCT `event_id`) FROM source),
      (SELECT COUNT(*) FROM source WHERE `event_id` IS NULL),
      (SELECT COUNT(*) FROM moved),
      (SELECT COUNT(DISTINCT `event_id`) FROM moved)
    """
  }

  struct Count: Sendable, Equatable {
    let rows: Int
    let events: Int
    let withoutID: Int
    let movedRows: Int
    let movedEvents: Int

    init(_ values: [String?]) throws {
      let numbers = values.compactMap { $0.flatMap { Int($0) } }
      guard numbers.count == 5 else { throw Failure("BigQuery gave no counts.") }
      (rows, events, withoutID) = (numbers[0], numbers[1], numbers[2])
      (movedRows, movedEvents) = (numbers[3], numbers[4])
    }

    /// Each event of the source is in the archive, once.
    var isComplete: Bool { withoutID == 0 && movedEvents == events && movedRows == events }

    var words: String {
      "\(rows) rows, \(events) events; moved \(movedRows) rows, \(movedEvents) events"
        + (withoutID > 0 ? "; \(withoutID) rows have no event_id" : "")
    }
  }

  /// Groups of one day each, oldest first, none too large.
  static func groups(_ suffixes: [String], _ pattern: SuffixPattern) -> [Group] {
    let byDay = Dictionary(grouping: suffixes) { pattern.day(of: $0) }
    let days = byDay.keys.sorted { ($0?.number ?? .min) < ($1?.number ?? .min) }
    return days.flatMap { day -> [Group] in
      let all = (byDay[day] ?? []).sorted()
      let end = all.compactMap { pattern.end(of: $0) }.max()
      return stride(from: 0, to: all.count, by: mostPerGroup).map { start in
        let part = all[start..<min(start + mostPerGroup, all.count)]
        return Group(day: day, end: end, suffixes: Array(part))
      }
    }
  }
}
