// SPDX-License-Identifier: MIT
import Acceptance
import ArgumentParser
import EventLoop
import FunctionRuntime
import LocalCloud

struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the cloud until SIGTERM or Ctrl-C.",
    discussion: """
      Point a function at it with PUBSUB_ENDPOINT and BIGQUERY_ENDPOINT = http://127.0.0.1:PORT and \
      GCE_METADATA_HOST = 127.0.0.1:PORT, or with the two *_EMULATOR_HOST variables.
      """)

  @Option(help: "Address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "Port for the page, the pixel, and all APIs.")
  var port: UInt16 = 8085

  @Option(help: "Folder for rows, rejections and undelivered messages.")
  var data = ".local-cloud"

  @Option(help: "Project id.")
  var project = "local"

  @Option(help: "Schema file of the template table, or a folder with one for each table.")
  var contract = "infra/contracts/pixel.json"

  @Option(help: "Dataset to create.")
  var dataset = "pixel"

  @Option(help: "Template table to create; in a folder each schema file gives its own name.")
  var table = "pixel"

  @Option(
    help: ArgumentHelp(
      "Push the messages of a topic to a URL, e.g. pixel-logs=http://127.0.0.1:8086/. Repeatable.",
      valueName: "topic=url"))
  var push: [Place] = []

  @Option(
    help: ArgumentHelp(
      "A name of this machine, beside localhost and --host, that requests may be for. Repeatable.",
      valueName: "name"))
  var allowHost: [String] = []

  @Option(
    help: ArgumentHelp(
      "A program of the pipeline, e.g. log-parse=http://127.0.0.1:8086/ready: the page says when it is gone. Repeatable.",
      valueName: "name=url"))
  var stage: [Place] = []

  @Option(help: "Where PixelIngest listens, for the page.")
  var ingestURL: String?

  @Option(
    help: ArgumentHelp(
      "Take the hits that PixelIngest writes to its log, as the log sink does.", valueName: "file"))
  var followLog: String?

  @Option(help: "Write each request to Pub/Sub and BigQuery to this file, one JSON object a line.")
  var record: String?

  @Flag(help: "Refuse API requests without a token. A wrong token is always refused.")
  var requireToken = false

  @Option(help: "Seconds until a push that is not answered comes again, 10 to 600.")
  var ackDeadline = 60

  @Option(help: "Attempts until a message moves to its dead-letter topic, 5 to 100.")
  var maxDeliveryAttempts = 100

  @Option(help: "Most pushes of one subscription that are open at a time.")
  var maxOutstanding = 128

  /// `NAME=URL`.
  struct Place: ExpressibleByArgument {
    var name: String
    var url: String

    init?(argument: String) {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2,
        parts[1].hasPrefix("http://") || parts[1].hasPrefix("https://")
      else { return nil }
      (name, url) = (parts[0], parts[1])
    }
  }

  func validate() throws {
    guard (10...600).contains(ackDeadline) else {
      throw ValidationError("--ack-deadline is \(ackDeadline): allowed is 10 to 600.")
    }
    guard (5...100).contains(maxDeliveryAttempts) else {
      throw ValidationError(
        "--max-delivery-attempts is \(maxDeliveryAttempts): allowed is 5 to 100.")
    }
    guard (1...10_000).contains(maxOutstanding) else {
      throw ValidationError("--max-outstanding is \(maxOutstanding): allowed is 1 to 10000.")
    }
  }

  func run() throws {
    let loop: EventLoop
    let server: LocalCloudServer
    do {
      loop = try EventLoop()
      server = LocalCloudServer(
        try LocalCloud(configuration(), at: .now(), progress: LocalCloudServer.say), on: loop)
    } catch let error as GoogleError {
      throw ending("local-cloud cannot start: \(error.message)")
    } catch {
      throw ending("local-cloud cannot start: \(error)")
    }
    do {
      try server.start(host: host, port: port)
    } catch {
      throw ending(
        "local-cloud cannot listen on port \(port): \(error). Choose another with --port.")
    }
    server.stopOnSignals()
    LocalCloudServer.say("local-cloud: http://\(host):\(port)/ (rows are kept in \(data))")
    loop.run()
  }

  private func configuration() throws -> Configuration {
    var configuration = Configuration()
    configuration.project = project
    configuration.folder = data
    configuration.dataset = dataset
    // First, since this also says, in LogParse's words, what is wrong with the contract.
    let judge = try HitJudge(contract: contract, pixelPaths: ["/pixel.png", "/pixel.gif"])
    configuration.judge = { judge.judge($0) }
    configuration.templates = try Configuration.templates(contract: contract, table: table)
    configuration.pushes = push.map { ($0.name, $0.url) }
    configuration.host = host
    configuration.allowedHosts = allowHost
    configuration.stages = stage.map { ($0.name, $0.url) }
    configuration.ingestURL = ingestURL
    configuration.followedLog = followLog
    configuration.recordFile = record
    configuration.requireToken = requireToken
    configuration.ackDeadline = .seconds(ackDeadline)
    configuration.maximumAttempts = maxDeliveryAttempts
    configuration.maximumOutstanding = maxOutstanding
    return configuration
  }
}

/// Ends the program with one sentence and status 2.
func ending(_ sentence: String) -> ExitCode {
  LocalCloudServer.say(sentence)
  return ExitCode(2)
}
