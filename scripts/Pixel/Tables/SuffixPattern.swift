// SPDX-License-Identifier: MIT

/// Where the date stands in the names of suffix tables: BQLoader's `TEMPLATE_SUFFIX`, as far as SQL and
/// expiry need it.
///
/// No value puts a `_` into a suffix, so the parts between underscores have fixed positions. Rows beyond
/// the limit of new tables are in `Zo_` and the pattern's time, wherever that stands otherwise.
public struct SuffixPattern: Sendable, Equatable {
  enum Unit: String, Sendable { case date, month, hour }

  let pattern: String
  /// Nil if no part of the pattern is a time.
  let unit: Unit?
  /// Which of the parts between underscores it is.
  private let position: Int
  private let isLast: Bool

  /// Before the date in tables that hold what went over the limit of new tables.
  static let overflow = "Zo"
  /// The suffix of the empty table that makes a wildcard match; no row is ever sent there.
  static let empty = "Ze"

  public init(_ pattern: String) throws {
    self.pattern = pattern
    guard !pattern.isEmpty else {
      (unit, position, isLast) = (nil, 0, false)
      return
    }
    guard pattern.hasPrefix("_") else {
      throw Failure(
        "--suffix is '\(pattern)': it has to begin with _, or a wildcard over the suffix tables "
          + "would take the template table in.")
    }
    // A column's name may have underscores; what it becomes may not.
    var inside = false
    let parts = pattern.dropFirst().split(omittingEmptySubsequences: false) { character in
      if character == "{" { inside = true }
      if character == "}" { inside = false }
      return character == "_" && !inside
    }
    let times = parts.indices.filter { index in
      ["{date}", "{month}", "{hour}"].contains { parts[index].contains($0) }
    }
    guard let first = times.first else {
      (unit, position, isLast) = (nil, 0, false)
      return
    }
    guard times.count == 1, let unit = Unit(rawValue: String(parts[first].dropFirst().dropLast()))
    else {
      throw Failure(
        "--suffix is '\(pattern)': the date has to stand once and by itself, between underscores.")
    }
    (self.unit, position, isLast) = (unit, first, first == parts.count - 1)
  }

  var isEmpty: Bool { pattern.isEmpty }

  private var length: Int { [.date: 8, .month: 6, .hour: 10][unit] ?? 0 }

  /// SQL for the digits of the date in a suffix.
  private func digits(_ suffix: String) -> String {
    let last = "RIGHT(\(suffix), \(length))"
    let own =
      position == 0
      ? "LEFT(\(suffix), \(length))" : "SPLIT(\(suffix), '_')[SAFE_OFFSET(\(position))]"
    let digits =
      isLast ? last : "IF(STARTS_WITH(\(suffix), '\(Self.overflow)_'), \(last), \(own))"
    return unit == .hour ? "LEFT(\(digits), 8)" : digits
  }

  /// SQL for the day of a suffix, or the first of its month; nil if there is none.
  func date(_ suffix: String) -> String? {
    guard let unit else { return nil }
    return unit == .month
      ? "SAFE.PARSE_DATE('%Y%m', \(digits(suffix)))"
      : "SAFE.PARSE_DATE('%Y%m%d', \(digits(suffix)))"
  }

  /// SQL that is true for the suffixes that may hold rows of the days from `first` to `last`; nil if
  /// all may. It compares texts with constants, which BigQuery can do before it reads a table.
  func isBetween(_ first: String, _ last: String, _ suffix: String) -> String? {
    guard let unit else { return nil }
    let format = unit == .month ? "'%Y%m'" : "'%Y%m%d'"
    return "\(digits(suffix)) BETWEEN FORMAT_DATE(\(format), \(first)) AND "
      + "FORMAT_DATE(\(format), \(last))"
  }

  /// The first day that a table's rows can be of, from its suffix; nil if it has no date.
  func day(of suffix: String) -> Day? {
    guard let unit else { return nil }
    let parts = suffix.split(separator: "_", omittingEmptySubsequences: false)
    let position = parts.first.map(String.init) == Self.overflow ? parts.count - 1 : position
    guard position < parts.count, parts[position].utf8.count == length else { return nil }
    return Day(digits: unit == .month ? parts[position] + "01" : parts[position].prefix(8))
  }

  /// The day after the last one that a table's rows can be of.
  func end(of suffix: String) -> Day? {
    guard let day = day(of: suffix) else { return nil }
    return unit == .month ? day.nextMonth : day.adding(1)
  }
}
