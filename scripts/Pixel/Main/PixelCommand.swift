// SPDX-License-Identifier: MIT
import ArgumentParser

@main
struct PixelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pixel", abstract: "What an operator of the pipeline does.",
    subcommands: [TablesCommand.self, CheckCommand.self])
}
