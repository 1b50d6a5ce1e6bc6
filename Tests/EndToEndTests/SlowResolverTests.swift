// SPDX-License-Identifier: MIT
import Foundation
import HTTPServer
import ServerSupport
import Testing

/// The three programs with a name server that takes seconds: libcurl's own way would stop their loops.
@Suite(
  .enabled(if: PubSubEmulator.find("cc") != nil, "no C compiler"),
  .enabled(if: PushSigner.isAvailable, "no program openssl"))
final class SlowResolverTests {
  private let folder: URL
  private let library: URL
  private let control: URL
  private let cloud: RunningServer
  private let signer: PushSigner
  private let keys: KeyServer

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-resolver-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    library = folder.appendingPathComponent("resolver.so")
    control = folder.appendingPathComponent("control")
    let source = packageRoot.appendingPathComponent("Tests/Kits/hostile/resolver.c")
    let compiler = Process()
    compiler.executableURL = PubSubEmulator.find("cc")
    compiler.arguments = ["-shared", "-fPIC", "-o", library.path, source.path, "-ldl"]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
    signer = try PushSigner(kid: "k")
    keys = try KeyServer([signer], delay: .zero)
    cloud = try RunningServer { request, call in
      let path = request.path
      let text: String
      if path.hasSuffix(":publish") {
        text = #"{"messageIds":["1"]}"#
      } else if path.hasSuffix("project-id") {
        text = "p"
      } else {
        text = path.hasSuffix("insertAll") ? #"{"kind":"x"}"# : "{}"
      }
      call.reply(
        Response(status: 200, headers: [("Metadata-Flavor", "Google")], body: Array(text.utf8)))
    }
  }

  deinit {
    cloud.stop()
    keys.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  private func resolverTakes(_ seconds: Double) throws {
    try "slow \(Int(seconds * 1000)) 127.0.0.1".write(
      to: control, atomically: true, encoding: .utf8)
  }

  private func start(_ name: String) throws -> (RunningProgram, UInt16) {
    let contract = packageRoot.appendingPathComponent("infra/contracts/pixel.json").path
    let environment = keys.settings().merging([
      "HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json",
      "DRAIN_TIMEOUT": "1s", "GCE_METADATA_HOST": "metadata.googleapis.test:\(cloud.port)",
      "PUBSUB_EMULATOR_HOST": "pubsub.googleapis.test:\(cloud.port)",
      "BIGQUERY_EMULATOR_HOST": "bigquery.googleapis.test:\(cloud.port)", "BIGQUERY_DATASET": "d",
      "CONTRACT": contract,
      "PRIVACY_LIST": packageRoot.appendingPathComponent("infra/privacy.json").path,
      "LD_PRELOAD": library.path, "RESOLVER_FILE": control.path,
    ]) { $1 }
    let program = try RunningProgram(name, environment)
    return (program, try program.port())
  }

  private func health(_ port: UInt16) throws -> TimeInterval {
    let began = Date()
    let client = try RawClient(port: port, timeout: 20)
    try client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.readAnswer().status == 200)
    return Date().timeIntervalSince(began)
  }

  private func request(_ name: String) throws -> String {
    guard name != "pixel-ingest" else {
      return "POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n{\"type\":\"a\"}"
    }
    let data =
      name == "log-parse"
      ? #"{"insertId":"i","timestamp":"2026-01-02T03:04:05Z","httpRequest":{"requestMethod":"GET","#
        + #""requestUrl":"https://t.example.com/pixel.png?type=a"},"resource":{"type":"http_load_balancer"}}"#
      : #"{"event_id":"e1","event_time":"2026-01-02T03:04:05Z"}"#
    let body =
      #"{"message":{"data":"\#(Data(data.utf8).base64EncodedString())","messageId":"1"}}"#
    return "POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(try signer.token())\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test(arguments: ["pixel-ingest", "log-parse", "bq-loader"])
  func `a slow resolver keeps nobody from health, and in the end everything works`(_ name: String)
    throws
  {
    try resolverTakes(4)
    let (program, port) = try start(name)
    let began = Date()
    let waiting = try RawClient(port: port, timeout: 60)
    try waiting.send(try request(name))
    var slowest = 0.0
    while Date().timeIntervalSince(began) < 6 {
      slowest = max(slowest, try health(port))
      usleep(20_000)
    }
    // The old way it was two seconds and more.
    #expect(slowest < 1)
    _ = try waiting.readAnswer()
    var status = 0
    #expect(
      eventually(within: 30) {
        guard let client = try? RawClient(port: port, timeout: 60), let text = try? request(name),
          (try? client.send(text)) != nil
        else { return false }
        status = (try? client.readAnswer().status) ?? 0
        return status == 204
      }, "\(status)")
    program.process.terminate()
    #expect(program.exitCode() == 0)
  }

  @Test(arguments: ["pixel-ingest", "log-parse", "bq-loader"])
  func `a slow resolver does not keep a program from ending`(_ name: String) throws {
    try resolverTakes(12)
    let (program, port) = try start(name)
    let waiting = try RawClient(port: port, timeout: 60)
    try waiting.send(try request(name))
    // Long enough for the first requests to have timed out while their names are being looked up.
    usleep(2_500_000)
    let told = Date()
    program.process.terminate()
    #expect(program.exitCode() == 0)
    #expect(Date().timeIntervalSince(told) < 4)
  }
}
