// SPDX-License-Identifier: MIT

/// Makes or updates the view `events` and the table function `events_between`.
public struct MakeView: Sendable {
  let upkeep: Upkeep
  let columns: [JSON]
  let timeZone: String
  let archive: String?
  /// Which of the two.
  let wanted: [String]

  public static let names = [EventsSQL.view, EventsSQL.function]

  public init(
    _ upkeep: Upkeep, columns: [JSON], timeZone: String, archive: String?, wanted: [String]
  ) throws {
    (self.upkeep, self.timeZone) = (upkeep, timeZone)
    self.archive = try upkeep.checked(archive: archive)
    self.columns = columns
    self.wanted = wanted.isEmpty ? Self.names : wanted
  }

  public func run() async throws -> Completion {
    let bigQuery = upkeep.bigQuery
    let sql = EventsSQL(
      names: bigQuery.names(upkeep.template, archive: archive), columns: columns,
      pattern: upkeep.pattern, timeZone: timeZone)
    if !upkeep.pattern.isEmpty { try await makeWildcardMatch() }

    if wanted.contains(EventsSQL.view) {
      let name = EventsSQL.view
      let table = try await bigQuery.table(name)
      guard table == nil || table?["type"]?.string == "VIEW" else {
        throw Failure("\(name) is there and is not a view: give the table another name.")
      }
      let old = table.map { $0["view"]?["query"]?.string ?? "" }
      try await make(name, old, sql.viewQuery, sql.createView(bigQuery.sqlName(name)))
      // A dataset's default expiry takes views too.
      if !upkeep.isDryRun { try await upkeep.keepForEver(name) }
    }
    if wanted.contains(EventsSQL.function) {
      let name = EventsSQL.function
      let routine = try await bigQuery.routine(name)
      let old = routine.map { $0["definitionBody"]?.string ?? "" }
      try await make(name, old, sql.functionQuery, sql.createFunction(bigQuery.sqlName(name)))
    }
    return .done
  }

  private func make(_ name: String, _ old: String?, _ query: String, _ statement: String)
    async throws
  {
    if let old, Self.words(old) == Self.words(query) { return upkeep.say("\(name): unchanged") }
    guard !upkeep.isDryRun else {
      return upkeep.say("-- would \(old == nil ? "make" : "update") \(name):\n\(statement);")
    }
    try await upkeep.bigQuery.query(statement)
    upkeep.say("\(name): \(old == nil ? "made" : "updated")")
  }

  /// Spaces and the brackets around the whole do not count.
  private static func words(_ sql: String) -> [Substring] {
    var words = sql.split(whereSeparator: \.isWhitespace)
    if words.first == "(", words.last == ")" { words = words.dropFirst().dropLast() }
    return words
  }

  /// A wildcard that matches no table is an error, so an empty one is made where there is none.
  private func makeWildcardMatch() async throws {
    let name = upkeep.prefix + SuffixPattern.empty
    guard try await upkeep.suffixTables().isEmpty else { return }
    let fields = try await upkeep.templateTable()["schema"]?["fields"] ?? []
    if !upkeep.isDryRun {
      try await upkeep.bigQuery.insertTable(name, ["schema": ["fields": fields]])
      try await upkeep.keepForEver(name)
    }
    upkeep.say(
      done: "\(name): made, empty, so that \(upkeep.prefix)* matches a table",
      wouldBe: "make \(name), empty, so that \(upkeep.prefix)* matches a table")
  }
}
