// SPDX-License-Identifier: MIT

/// Moves the rows of suffix tables into one partitioned, clustered table, each event once; and, asked
/// separately, drops the tables whose events are all there.
///
/// What has been moved is seen from the rows themselves, so it can end at any time and be run again.
public struct Move: Sendable {
  /// The columns that most queries name, of those that the contract has; BigQuery clusters by up to four. As
  /// infra/parts/tables.sh has it for the template.
  static let clustering = ["type", "user_id", "event_time"]

  let upkeep: Upkeep
  let archive: String
  /// Tables whose last day is before it.
  let before: Day?
  let drops: Bool

  /// - Parameter before: Nil takes all tables: for when no rows are sent to suffix tables any more.
  public init(_ upkeep: Upkeep, to archive: String, before: Day?, drops: Bool) throws {
    guard !upkeep.pattern.isEmpty else {
      throw Failure("Without a suffix there is one table only: nothing to move.")
    }
    guard upkeep.pattern.unit != nil || before == nil else {
      throw Failure(
        "Tables of '\(upkeep.pattern.pattern)' have no date, so which of them are old is not known. "
          + "When nothing is sent to them any more, move all with --all.")
    }
    (self.upkeep, self.before, self.drops) = (upkeep, before, drops)
    self.archive = try upkeep.checked(archive: archive) ?? archive
  }

  public func run() async throws -> Completion {
    let fields = try await upkeep.templateTable()["schema"]?["fields"]?.array ?? []
    let columns = fields.compactMap { $0["name"]?.string }
    let isThere = try await prepareArchive(fields)
    let sql = MoveSQL(
      wildcard: upkeep.bigQuery.sqlName("\(upkeep.prefix)*"),
      archive: upkeep.bigQuery.sqlName(archive), columns: columns)

    let old = try await upkeep.suffixTables().map(upkeep.suffix).filter(isOld)
    let (ready, waiting) = try await withoutBufferedRows(old)
    let groups = MoveSQL.groups(ready, upkeep.pattern)
    var incomplete = 0
    for (index, group) in groups.enumerated() {
      let isLast = index == groups.count - 1
      Upkeep.note("\(index + 1) of \(groups.count)\(isLast ? ", the last" : ""): \(group.title)")
      guard !upkeep.isDryRun else {
        upkeep.say(
          "would \(drops ? "drop, if all is moved," : "move") \(group.suffixes.count) tables, "
            + group.title)
        continue
      }
      guard isThere || !drops else {
        throw Failure("There is no table \(archive) yet: move first.")
      }
      let isComplete = drops ? try await drop(group, sql) : try await move(group, sql)
      if !isComplete { incomplete += 1 }
    }
    return report(groups, waiting: waiting, incomplete: incomplete)
  }

  private func isOld(_ suffix: String) -> Bool {
    guard suffix != SuffixPattern.empty else { return false }
    guard let before else { return true }
    return upkeep.pattern.end(of: suffix).map { $0 <= before } ?? false
  }

  /// Makes the table; says whether it was there.
  private func prepareArchive(_ fields: [JSON]) async throws -> Bool {
    if let table = try await upkeep.bigQuery.table(archive) {
      let names = table["schema"]?["fields"]?.array?.compactMap { $0["name"]?.string } ?? []
      let missing = (fields.compactMap { $0["name"]?.string } + ["table_suffix"])
        .filter { !names.contains($0) }
      guard missing.isEmpty else {
        throw Failure(
          "\(archive) has no column \(missing.joined(separator: ", ")): "
            + "scripts/tables.sh add-columns --archive \(archive) adds what the contract has.")
      }
      return true
    }
    guard !drops else { throw Failure("There is no table \(archive) yet: move first.") }
    if !upkeep.isDryRun {
      try await upkeep.bigQuery.insertTable(archive, resource(fields))
      try await upkeep.keepForEver(archive)
    }
    upkeep.say(
      done: "\(archive): made, partitioned by day of event_time",
      wouldBe: "make \(archive), partitioned by day of event_time")
    return false
  }

  private func resource(_ fields: [JSON]) -> JSON {
    let suffix: JSON = [
      "name": "table_suffix", "type": "STRING",
      "description": "Suffix of the table that the row was in.",
    ]
    let names = fields.compactMap { $0["name"]?.string }
    let clustering: [String] = Self.clustering.filter { names.contains($0) }
    var table: JSON = [
      "schema": ["fields": .array(fields + [suffix])],
      "timePartitioning": ["type": "DAY", "field": "event_time"],
      "description": "Events that were in suffix tables, each once.",
    ]
    if !clustering.isEmpty {
      table = table.with("clustering", ["fields": .array(clustering.map { JSON.string($0) })])
    }
    return table
  }

  /// Rows in a streaming buffer may still be joined by others, and can't be dropped safely.
  private func withoutBufferedRows(
    _ suffixes: [String]
  ) async throws -> (ready: [String], waiting: Int) {
    let isReady = try await forEach(suffixes, "tables") { suffix in
      let table = try await upkeep.bigQuery.table(upkeep.prefix + suffix)
      return table != nil && table?["streamingBuffer"] == nil
    }
    let ready = zip(suffixes, isReady).filter(\.1).map(\.0)
    return (ready, suffixes.count - ready.count)
  }

  private func counts(_ group: MoveSQL.Group, _ sql: MoveSQL) async throws -> MoveSQL.Count {
    try MoveSQL.Count(await upkeep.bigQuery.query(sql.count(group)))
  }

  private func move(_ group: MoveSQL.Group, _ sql: MoveSQL) async throws -> Bool {
    var count = try await counts(group, sql)
    let wasThere = count.isComplete
    if !wasThere {
      try await upkeep.bigQuery.query(sql.move(group))
      count = try await counts(group, sql)
    }
    let state = wasThere ? "were moved before" : count.isComplete ? "moved" : "NOT complete"
    upkeep.say("\(group.title): \(group.suffixes.count) tables \(state): \(count.words)")
    return count.isComplete
  }

  private func drop(_ group: MoveSQL.Group, _ sql: MoveSQL) async throws -> Bool {
    let before = try await forEach(group.suffixes, "tables") { try await state(of: $0) }
    let count = try await counts(group, sql)
    guard count.isComplete else {
      upkeep.say("\(group.title): kept, not all is moved: \(count.words)")
      return false
    }
    let kept = try await forEach(Array(zip(group.suffixes, before)), "dropped") { suffix, before in
      // A row that came since the count is not in it.
      guard try await state(of: suffix) == before else { return true }
      try await upkeep.bigQuery.deleteTable(upkeep.prefix + suffix)
      return false
    }.count { $0 }
    upkeep.say("\(group.title): \(group.suffixes.count - kept) tables dropped: \(count.words)")
    return kept == 0
  }

  /// What changes when a table gets a row.
  private func state(of suffix: String) async throws -> [JSON?] {
    let table = try await upkeep.bigQuery.table(upkeep.prefix + suffix)
    return ["numRows", "lastModifiedTime", "streamingBuffer"].map { table?[$0] }
  }

  private func report(_ groups: [MoveSQL.Group], waiting: Int, incomplete: Int) -> Completion {
    let tables = groups.reduce(0) { $0 + $1.suffixes.count }
    upkeep.say("\(tables) tables in \(groups.count) groups, \(incomplete) groups incomplete")
    if waiting > 0 {
      Upkeep.note(
        "\(waiting) tables still have rows in their streaming buffer: run this again later.")
    }
    if incomplete == 0, !upkeep.isDryRun {
      Upkeep.note(
        drops
          ? "The view still reads both: leave --archive \(archive) in place."
          : "Show both in the view: scripts/tables.sh view --archive \(archive). "
            + "Then drop what is moved: the same command with --drop.")
    }
    return incomplete > 0 ? .failed : waiting > 0 ? .unfinished : .done
  }
}
