// SPDX-License-Identifier: MIT
import ArgumentParser
import Pixel

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Checks contracts, and what a configuration says about tables, by the programs' own rules.",
    discussion: """
      Reads files only, and changes nothing. Ends with 0 if all is well, with 1 and a sentence for each fault \
      otherwise.
      """)

  @Option(help: "The template table (BIGQUERY_TABLE).")
  var table = "pixel"

  @Option(help: "The pattern of suffixes (TEMPLATE_SUFFIX); empty for one table.")
  var suffix = "_{user_id}_{date}"

  @Option(help: "The time zone of the date (TIME_ZONE).")
  var timeZone = "UTC"

  @Argument(help: "Contracts: BigQuery schema files.")
  var contracts = ["infra/contracts/pixel.json"]

  func run() throws {
    let check = ConfigurationCheck(
      contracts: contracts, table: table, suffix: suffix, timeZone: timeZone)
    for line in check.lines { print(line) }
    for fault in check.faults { Upkeep.note("pixel: \(fault)") }
    guard check.faults.isEmpty else { throw ExitCode(1) }
  }
}
