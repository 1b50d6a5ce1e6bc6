// SPDX-License-Identifier: MIT

/// The SQL of the view `events` and of the table function `events_between`.
///
/// Both show each event once, with the columns of the contract. Columns are named: a table in the middle of
/// an update has the others too, and `SELECT *` would change its shape with it.
public struct EventsSQL: Sendable {
  static let view = "events"
  static let function = "events_between"

  let names: Names
  private let columns: [String]
  private let key: EventKey
  let pattern: SuffixPattern
  let timeZone: String

  /// What the SQL reads, as SQL writes it.
  struct Names: Sendable {
    /// The template table, which has all rows if there is no suffix.
    let base: String
    /// All suffix tables.
    let wildcard: String
    /// Where old suffix tables have been moved to.
    let archive: String?
  }

  /// - Parameter columns: The contract's.
  init(names: Names, columns: [JSON], pattern: SuffixPattern, timeZone: String) {
    self.names = names
    self.columns = columns.compactMap { $0["name"]?.string }
    key = EventKey(columns: columns)
    self.pattern = pattern
    self.timeZone = timeZone
  }

  private var list: String { columns.map { "`\($0)`" }.joined(separator: ", ") }

  /// The query behind the view. A condition on the suffix or its date can go below what keeps one row of
  /// each event, because both are in PARTITION BY.
  var viewQuery: String { once(source(days: nil), in: ["table_suffix", "table_date"]) }

  /// The query behind the table function, with its arguments `first_day` and `last_day`.
  ///
  /// It has conditions of its own for each source rather than one on the view, so that what may be left
  /// out is plain to BigQuery.
  var functionQuery: String { once(source(days: ("first_day", "last_day")), in: []) }

  func createView(_ name: String) -> String { "CREATE OR REPLACE VIEW \(name) AS\n\(viewQuery)" }

  func createFunction(_ name: String) -> String {
    "CREATE OR REPLACE TABLE FUNCTION \(name)(first_day DATE, last_day DATE) AS (\n"
      + "\(functionQuery)\n)"
  }

  private func once(_ source: String, in places: [String]) -> String {
    """
    SELECT *
    FROM (
    \(source)
    )
    WHERE TRUE
    \(key.once(in: places))
    """
  }

  private var eventDay: String { "DATE(`event_time`, '\(timeZone)')" }

  private var archiveDate: String {
    pattern.unit == .month ? "DATE_TRUNC(\(eventDay), MONTH)" : eventDay
  }

  private func source(days: (first: String, last: String)?) -> String {
    let ofDays = days.map { days in
      "`event_time` >= TIMESTAMP(\(days.first), '\(timeZone)')\n    AND `event_time` < "
        + "TIMESTAMP(DATE_ADD(\(days.last), INTERVAL 1 DAY), '\(timeZone)')"
    }
    func select(_ suffix: String, _ date: String, from table: String, where condition: String?)
      -> String
    {
      let end = condition.map { "\n  WHERE \($0)" } ?? ""
      return """
          SELECT
            \(list),
            \(suffix) AS table_suffix,
            \(date) AS table_date
          FROM \(table)\(end)
        """
    }
    var selects: [String] = []
    if pattern.isEmpty {
      selects.append(select("CAST(NULL AS STRING)", eventDay, from: names.base, where: ofDays))
    } else {
      let bySuffix = days.flatMap { pattern.isBetween($0.first, $0.last, "_TABLE_SUFFIX") }
      // A month's table has other days too, and without a date each table has all days.
      let isExact = pattern.unit == .date || pattern.unit == .hour
      let condition = [bySuffix, isExact ? nil : ofDays].compactMap(\.self)
      selects.append(
        select(
          "_TABLE_SUFFIX", pattern.date("_TABLE_SUFFIX") ?? eventDay, from: names.wildcard,
          where: condition.isEmpty ? nil : condition.joined(separator: "\n    AND ")))
    }
    if let archive = names.archive {
      selects.append(select("table_suffix", archiveDate, from: archive, where: ofDays))
    }
    return selects.joined(separator: "\n  UNION ALL\n")
  }
}

extension BigQuery {
  func names(_ template: String, archive: String?) -> EventsSQL.Names {
    EventsSQL.Names(
      base: sqlName(template), wildcard: sqlName("\(template)_*"), archive: archive.map(sqlName))
  }
}
