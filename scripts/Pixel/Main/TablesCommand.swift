// SPDX-License-Identifier: MIT
import ArgumentParser
import Foundation
import Pixel

struct TablesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tables",
    abstract: "Looks after the tables that the pipeline writes.",
    discussion: """
      Each command looks first and changes only what is different, so it can be run again, also after \
      it was stopped half-way. Ends with 0 when all is done, 1 if something failed, 2 for wrong \
      arguments, 3 if something has to wait: run it again.
      """,
    subcommands: [
      List.self, ViewCommand.self, AddColumnsCommand.self, ExpireCommand.self, MoveCommand.self,
    ])
}

struct Place: ParsableArguments {
  @Option(help: "Google Cloud project.")
  var project: String

  @Option(help: "Dataset with the tables.")
  var dataset = "pixel"

  @Option(help: "The template table (BIGQUERY_TABLE).")
  var table = "pixel"

  @Option(help: "The pattern that bq-loader runs with (TEMPLATE_SUFFIX); empty for one table.")
  var suffix = "_{user_id}_{date}"

  @Option(help: "Where BigQuery is: Google, or a stand-in on this machine.")
  var endpoint = BigQuery.google

  @Flag(help: "Only print what would be done.")
  var dryRun = false

  func upkeep() throws -> Upkeep {
    let bigQuery = try BigQuery(
      project: project, dataset: dataset, endpoint: endpoint, web: try WebClient())
    return try Upkeep(
      bigQuery, template: table, pattern: try SuffixPattern(suffix), isDryRun: dryRun
    ) { print($0) }
  }
}

private let contractHelp: ArgumentHelp = "The contract, a BigQuery schema file."
private let archiveHelp: ArgumentHelp = "The table that suffix tables have been moved to."

struct List: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists suffix tables with rows and bytes, and warns from 800 on.")
  @OptionGroup var place: Place

  func run() async throws {
    try await finish { try await ListTables(try place.upkeep()).run() }
  }
}

struct ViewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view",
    abstract: "Makes or updates the view events and the table function events_between.")
  @OptionGroup var place: Place
  @Option(help: contractHelp) var contract = "infra/contracts/pixel.json"
  @Option(help: "The time zone that days are counted in (TIME_ZONE).") var timeZone = "UTC"
  @Option(help: archiveHelp) var archive: String?
  @Argument(help: "Only this one: events or events_between.") var name: String?

  func validate() throws {
    if let name, !MakeView.names.contains(name) {
      throw ValidationError("'\(name)' is neither of \(MakeView.names.joined(separator: ", ")).")
    }
    let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "/_+-:"))
    guard !timeZone.isEmpty, timeZone.unicodeScalars.allSatisfy(plain.contains) else {
      throw ValidationError("--time-zone is '\(timeZone)': allowed is a name like Europe/Berlin.")
    }
  }

  func run() async throws {
    try await finish {
      let columns = try contractColumns(contract)
      return try await MakeView(
        try place.upkeep(), columns: columns, timeZone: timeZone, archive: archive,
        wanted: name.map { [$0] } ?? []
      ).run()
    }
  }
}

struct AddColumnsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add-columns",
    abstract: "Adds the contract's new columns to the template and to all suffix tables.")
  @OptionGroup var place: Place
  @Option(help: contractHelp) var contract = "infra/contracts/pixel.json"
  @Option(help: archiveHelp) var archive: String?

  func run() async throws {
    try await finish {
      let columns = try contractColumns(contract)
      return try await AddColumns(try place.upkeep(), columns: columns, archive: archive).run()
    }
  }
}

struct ExpireCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "expire",
    abstract: "Says how long tables are kept: those that are there, and new ones.")
  @OptionGroup var place: Place
  @Option(help: "Whole days that rows are kept, 8 or more; or never.") var days: String
  @Option(help: archiveHelp) var archive: String?

  func validate() throws {
    guard days == "never" || (1...36_500).contains(Int(days) ?? 0) else {
      throw ValidationError("--days is '\(days)': allowed is 8 to 36500, or never.")
    }
  }

  func run() async throws {
    try await finish {
      try await Expire(try place.upkeep(), days: Int(days), archive: archive).run()
    }
  }
}

struct MoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move",
    abstract: "Moves old suffix tables into one partitioned table, each event once.",
    discussion: """
      Nothing is dropped until the same command is run with --drop, which counts again and drops only \
      tables whose events have all been moved.
      """)
  @OptionGroup var place: Place
  @Option(help: "The table to move to; made if it is missing.") var to = "events_moved"
  @Option(help: "Only tables whose last day is before this one, YYYY-MM-DD (default: 8 days ago).")
  var before: String?
  @Flag(help: "All tables: when no rows are sent to suffix tables any more.") var all = false
  @Flag(help: "Drop tables whose events have all been moved.") var drop = false

  func validate() throws {
    guard !all || before == nil else {
      throw ValidationError("--all and --before exclude each other.")
    }
    if let before, Day(before) == nil {
      throw ValidationError("--before is '\(before)': allowed is a day, YYYY-MM-DD.")
    }
  }

  func run() async throws {
    try await finish {
      let day = all ? nil : before.flatMap { Day($0) } ?? Day.today(adding: -8)
      return try await Move(try place.upkeep(), to: to, before: day, drops: drop).run()
    }
  }
}

private func finish(_ work: () async throws -> Completion) async throws {
  let completion: Completion
  do {
    completion = try await work()
  } catch let failure as Failure {
    FileHandle.standardError.write(Data("tables.sh: \(failure)\n".utf8))
    throw ExitCode(2)
  } catch {
    FileHandle.standardError.write(Data("tables.sh: \(error)\n".utf8))
    throw ExitCode(1)
  }
  switch completion {
  case .done: return
  case .failed: throw ExitCode(1)
  case .unfinished: throw ExitCode(3)
  }
}
