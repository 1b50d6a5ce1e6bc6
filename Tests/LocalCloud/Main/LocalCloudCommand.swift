// SPDX-License-Identifier: MIT
import Acceptance
import ArgumentParser

@main
struct LocalCloudCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "local-cloud",
    abstract: "A load balancer with bucket, Pub/Sub, BigQuery and metadata server on one machine.",
    subcommands: [Serve.self, ReplayCommand.self, CheckCommand.self, GenerateCommand.self],
    defaultSubcommand: Serve.self)
}
