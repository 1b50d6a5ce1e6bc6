// SPDX-License-Identifier: MIT
import Foundation
import HTTPServer
import ServerSupport
import Testing

/// The built program, as a platform starts and ends it.
@Suite struct ProcessTests {
  private let base = ["PORT": "0", "HOST": "127.0.0.1", "LOG_FORMAT": "json"]
  private let hit = "GET /pixel.png HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test(arguments: [1, 2])
  func `SIGTERM finishes what is open, then ends with 0`(_ workers: Int) throws {
    let open = OpenCalls()
    let pubSub = try RunningServer { open.add($0, $1) }
    defer { pubSub.stop() }
    let environment = [
      "PUBSUB_EMULATOR_HOST": "127.0.0.1:\(pubSub.port)", "GOOGLE_CLOUD_PROJECT": "p",
      "WORKERS": "\(workers)", "PUBLISH_TIMEOUT": "20s",
    ]
    let program = try Running(base.merging(environment) { $1 })
    let port = try program.port()
    let clients = try (0..<20).map { _ in try RawClient(port: port) }
    let idle = try RawClient(port: port)
    try idle.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try idle.readAnswer().status == 200)
    for client in clients { try client.send(hit) }
    #expect(eventually { pubSub.load.callsInFlight > 0 })
    program.process.terminate()
    _ = try program.line("Stopping: open calls are finished first.")
    #expect(try idle.isEnded())
    pubSub.onLoop { _ in open.isReleased = true }
    for client in clients {
      let answer = try client.readAnswer()
      #expect(answer.status == 200)
      // Another worker may not have heard of the end yet when it answers; it closes when it has.
      if workers == 1 { #expect(answer.fields["connection"] == "close") }
      #expect(try client.isEnded())
    }
    _ = try program.line("Stopped.")
    #expect(program.exitCode() == 0)
    #expect(program.lines.allSatisfy { $0["service"] as? String == "pixel-ingest" })
  }

  @Test func `a call that takes longer than the drain is cut off, and the end is still 0`() throws {
    let pubSub = try RunningServer { _, _ in }
    defer { pubSub.stop() }
    let environment = [
      "PUBSUB_EMULATOR_HOST": "127.0.0.1:\(pubSub.port)", "GOOGLE_CLOUD_PROJECT": "p",
      "DRAIN_TIMEOUT": "50ms", "PUBLISH_TIMEOUT": "30s",
    ]
    let program = try Running(base.merging(environment) { $1 })
    let client = try RawClient(port: try program.port())
    try client.send(hit)
    #expect(eventually { pubSub.load.callsInFlight > 0 })
    program.process.terminate()
    #expect(try client.readAnswer().status == 503)
    #expect(program.exitCode() == 0)
  }

  @Test func `a second signal ends the process at once`() throws {
    let pubSub = try RunningServer { _, _ in }
    defer { pubSub.stop() }
    let environment = [
      "PUBSUB_EMULATOR_HOST": "127.0.0.1:\(pubSub.port)", "GOOGLE_CLOUD_PROJECT": "p",
      "DRAIN_TIMEOUT": "60s", "PUBLISH_TIMEOUT": "30s",
    ]
    let program = try Running(base.merging(environment) { $1 })
    let client = try RawClient(port: try program.port())
    try client.send(hit)
    #expect(eventually { pubSub.load.callsInFlight > 0 })
    program.process.terminate()
    _ = try program.line("Stopping: open calls are finished first.")
    program.process.interrupt()
    #expect(program.exitCode() == 1)
  }

  @Test(arguments: [
    (["PUBLISH_TIMEOUT": "soon"], "PUBLISH_TIMEOUT is 'soon': allowed is a time"),
    (["LOGS_TOPIC": "a/b"], "LOGS_TOPIC is 'a/b': allowed is a topic id"),
    (["INGEST_MODE": "both"], "INGEST_MODE is 'both': allowed is one of publish, log"),
    (["HOST": "nowhere"], "HOST is 'nowhere'"),
  ])
  func `a bad setting ends the start with one sentence and 2`(
    _ setting: [String: String], _ sentence: String
  ) throws {
    let program = try Running(base.merging(setting) { $1 })
    #expect(program.exitCode() == 2)
    let text = program.errorText
    #expect(text.hasPrefix("pixel-ingest: \(sentence)"), "\(text)")
    #expect(text.filter { $0 == "\n" }.count == 1)
  }

  @Test func `a port that is taken ends the start with one sentence and 2`() throws {
    let other = try RunningServer { $1.reply(Response(status: 200)) }
    defer { other.stop() }
    let program = try Running(base.merging(["PORT": "\(other.port)"]) { $1 })
    #expect(program.exitCode() == 2)
    #expect(program.errorText.hasPrefix("pixel-ingest: PORT is '\(other.port)'"))
  }

  @Test(arguments: [("2", "2"), ("2", "1"), ("1", "2")])
  func `a second process does not share the port, whatever its workers`(
    _ first: String, _ second: String
  ) throws {
    let settings = base.merging(["INGEST_MODE": "log"]) { $1 }
    // A port of its own, so that the second one is told the same.
    let port = try freePort()
    let common = settings.merging(["PORT": "\(port)"]) { $1 }
    let one = try Running(common.merging(["WORKERS": first]) { $1 })
    #expect(try one.port() == port)
    let two = try Running(common.merging(["WORKERS": second]) { $1 })
    #expect(two.exitCode() == 2)
    let sentence = "PORT is '\(port)': another program is listening there"
    #expect(two.errorText == "pixel-ingest: \(sentence)\n")
    one.process.terminate()
    #expect(one.exitCode() == 0)
  }

  @Test func `of many that start at once one gets the port`() throws {
    let port = try freePort()
    let settings = base.merging(["INGEST_MODE": "log", "WORKERS": "2", "PORT": "\(port)"]) { $1 }
    let programs = try (0..<8).map { _ in try Running(settings) }
    #expect(eventually { programs.filter(\.process.isRunning).count == 1 })
    let running = programs.first { $0.process.isRunning }
    let winner = try #require(running)
    #expect(try winner.port() == port)
    winner.process.terminate()
    #expect(programs.map { $0.exitCode() }.sorted() == [0] + Array(repeating: 2, count: 7))
  }

  @Test func `a restart gets the port back, although connections have just ended`() throws {
    let port = try freePort()
    let settings = base.merging(["INGEST_MODE": "log", "WORKERS": "2", "PORT": "\(port)"]) { $1 }
    for _ in 0..<3 {
      let program = try Running(settings)
      #expect(try program.port() == port)
      // The server ends these, so its side of them stays in TIME_WAIT.
      for _ in 0..<20 {
        let client = try RawClient(port: port)
        try client.send(hit.replacingOccurrences(of: "Host", with: "Connection: close\r\nHost"))
        #expect(try client.readAnswer().status == 200)
        #expect(try client.isEnded())
      }
      program.process.terminate()
      #expect(program.exitCode() == 0)
    }
  }

  /// A port that nobody listens on at the moment.
  private func freePort() throws -> UInt16 {
    let server = try RunningServer { $1.reply(Response(status: 200)) }
    defer { server.stop() }
    return server.port
  }

  @Test func `help is the table of settings`() throws {
    let program = try Running(base, arguments: ["--help"])
    let text = program.outputText
    #expect(program.exitCode() == 0)
    for name in ["PORT", "INGEST_MODE", "LOGS_TOPIC", "PIXEL_PATHS", "PUBLISH_TIMEOUT", "WORKERS"] {
      #expect(text.contains("  \(name) "))
    }
    let version = try Running(base, arguments: ["--version"])
    #expect(version.outputText.hasPrefix("pixel-ingest "))
    #expect(version.exitCode() == 0)
    #expect(try Running(base, arguments: ["--verbose"]).exitCode() == 2)
  }
}

/// Publish requests that are answered when the test says so; used on the loop only.
private final class OpenCalls: @unchecked Sendable {
  private var waiting: [(call: Call, answer: Response)] = []
  var isReleased = false { didSet { release() } }

  func add(_ request: Request, _ call: Call) {
    let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    let count = (body?["messages"] as? [Any])?.count ?? 0
    let ids = Array(repeating: "\"1\"", count: count).joined(separator: ",")
    let answer = Response(status: 200, body: Array(#"{"messageIds":[\#(ids)]}"#.utf8))
    waiting.append((call, answer))
    if isReleased { release() }
  }

  private func release() {
    for (call, answer) in waiting { call.reply(answer) }
    waiting = []
  }
}
