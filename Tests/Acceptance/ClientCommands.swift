// SPDX-License-Identifier: MIT
import ArgumentParser
import Foundation
import LocalCloud

public struct ReplayCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Sends a file of log entries through the sink and accounts for each line.",
    discussion: "Ends with 0 only if read = rows + rejected + left alone.")

  @Argument(help: "Newline-delimited LogEntry JSON.")
  var file: String

  @Option(help: "The running local-cloud.")
  var cloud = "http://127.0.0.1:8085"

  @Flag(help: "First a line for each entry: number, what it became, table or reason, event id.")
  var each = false

  @Option(help: "Paths that count as hits, as in PIXEL_PATHS.")
  var pixelPaths = "/pixel.png,/pixel.gif"

  public init() {}

  public func run() async throws {
    try await finish {
      let replay = Replay(
        cloud: cloud, pixelPaths: pixelPaths.split(separator: ",").map(String.init),
        web: try WebClient(), say: LocalCloudServer.say)
      return try await replay.run(file: file, each: each) { print($0) }
    }
  }
}

public struct GenerateCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Prints log entries of all kinds, the same for the same seed, to be replayed.")

  @Option(help: "How many.")
  var count = 1_000

  @Option(help: "Which ones.")
  var seed: UInt64 = 1

  public init() {}

  public func run() throws {
    var entries = GeneratedEntries(seed: seed)
    for _ in 0..<count {
      FileHandle.standardOutput.write(Data(entries.next().line + [0x0A]))
    }
  }
}

public struct CheckCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Sends hits through both roads and accounts for each.",
    discussion: "Ends with 0 only if each has become one row with its values, or one rejection.")

  @Option(help: "The running local-cloud.")
  var cloud = "http://127.0.0.1:8085"

  @Option(help: "The running PixelIngest.")
  var ingest: String

  @Option(help: "How many hits.")
  var hits = 1_000

  public init() {}

  public func validate() throws {
    guard (1...1_000_000).contains(hits) else {
      throw ValidationError("--hits is \(hits): allowed is 1 to 1000000.")
    }
  }

  public func run() async throws {
    try await finish {
      let check = Check(
        cloud: cloud, ingest: ingest, web: try WebClient(), say: LocalCloudServer.say)
      return try await check.run(hits: hits) { print($0) }
    }
  }
}

/// Status 0 if all is well, 1 if something is unaccounted for, 2 if it could not be found out.
private func finish(_ work: () async throws -> Bool) async throws {
  let complete: Bool
  do {
    complete = try await work()
  } catch {
    LocalCloudServer.say("local-cloud: \(error)")
    throw ExitCode(2)
  }
  if !complete { throw ExitCode(1) }
}
