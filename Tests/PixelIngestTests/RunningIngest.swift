// SPDX-License-Identifier: MIT
import Foundation
import Glibc
import HTTPServer
import ServerSupport
import Settings
import Synchronization
import Testing

@testable import FunctionRuntime
@testable import PixelIngest

/// PixelIngest on a loop of its own, with a Pub/Sub that keeps what it is sent.
final class RunningIngest: @unchecked Sendable {
  private struct State {
    /// Publish requests that were taken.
    var bodies: [[UInt8]] = []
    var status = 200
    /// What makes Pub/Sub refuse the requests whose messages have it.
    var poison: String?
  }

  private let state = Mutex(State())
  private let pubSub: RunningServer
  private let thread: LoopThread
  private var server: HTTPServer?
  private var isStopped = false
  /// What would be standard output.
  private let output = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
  private var worker: Worker?
  let port: UInt16

  init(_ own: [String: String] = [:]) throws {
    let holder = Holder()
    pubSub = try RunningServer { request, call in holder.ingest?.take(request, call) }
    var environment = [
      "PUBSUB_EMULATOR_HOST": "127.0.0.1:\(pubSub.port)", "GOOGLE_CLOUD_PROJECT": "p",
    ]
    environment.merge(own) { $1 }
    var reader = SettingsReader(environment: environment)
    let runtime = RuntimeSettings(&reader)
    let settings = PixelIngestSettings(&reader)
    try reader.check()
    let thread = try LoopThread()
    self.thread = thread
    let descriptor = open(output.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    let made = thread.run { loop in
      let log = Log(loop: loop, format: .json, level: .info, service: "test", version: "0")
      log.descriptor = descriptor
      let worker = Worker(
        index: 0, loop: loop, log: log, settings: runtime, load: ProcessLoad(), userAgent: "test")
      let server = HTTPServer(
        worker, .http(PixelIngestFunction(settings: settings, worker: worker).handle))
      return Result { (server, try server.listen(host: "127.0.0.1", port: 0), worker) }
    }
    (server, port, worker) = try made.get()
    holder.ingest = self
  }

  private final class Holder: @unchecked Sendable { weak var ingest: RunningIngest? }

  private func take(_ request: Request, _ call: Call) {
    let body = request.body
    let status = state.withLock { state in
      if let poison = state.poison, Self.has(poison, body) { return 400 }
      if state.status == 200 { state.bodies.append(body) }
      return state.status
    }
    let ids = Self.messages(of: body).map { _ in "\"1\"" }.joined(separator: ",")
    call.reply(Response(status: status, body: Array(#"{"messageIds":[\#(ids)]}"#.utf8)))
  }

  private static func has(_ text: String, _ body: [UInt8]) -> Bool {
    messages(of: body).contains { message in
      let data = Data(base64Encoded: message["data"] as? String ?? "") ?? Data()
      return String(decoding: data, as: UTF8.self).contains(text)
    }
  }

  private static func messages(of body: [UInt8]) -> [[String: Any]] {
    let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
    return object?["messages"] as? [[String: Any]] ?? []
  }

  private var messages: [[String: Any]] {
    state.withLock { $0.bodies }.flatMap(Self.messages)
  }

  func setPubSub(status: Int) { state.withLock { $0.status = status } }

  func setPubSub(refusing poison: String) { state.withLock { $0.poison = poison } }

  /// What was published, as log entries.
  func entries() throws -> [[String: Any]] {
    try messages.map { message in
      let data = try #require(Data(base64Encoded: message["data"] as? String ?? "-"))
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
  }

  func attributes() -> [[String: String]] {
    messages.map { $0["attributes"] as? [String: String] ?? [:] }
  }

  /// Sends one request on a connection of its own.
  func send(_ text: String) throws -> RawClient.Answer {
    let client = try RawClient(port: port)
    try client.send(text)
    return try client.readAnswer(toHead: text.hasPrefix("HEAD"))
  }

  func get(_ target: String, _ fields: String...) throws -> RawClient.Answer {
    try send("GET \(target) HTTP/1.1\r\nHost: t.example\r\n\(Self.joined(fields))\r\n")
  }

  func post(
    _ body: String, to target: String = "/events", _ fields: String...
  ) throws -> RawClient.Answer {
    try send(
      "POST \(target) HTTP/1.1\r\nHost: t.example\r\nContent-Length: \(body.utf8.count)\r\n"
        + "\(Self.joined(fields))\r\n\(body)")
  }

  private static func joined(_ fields: [String]) -> String {
    fields.map { $0 + "\r\n" }.joined()
  }

  /// The request URLs of what was published.
  func urls() throws -> [String] {
    try entries().map { entry in
      let request = entry["httpRequest"] as? [String: Any]
      return request?["requestUrl"] as? String ?? ""
    }
  }

  /// Everything that was published, decoded, as one text to look for what must not be there.
  func published() throws -> String {
    try entries().map {
      String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
    }.joined(separator: "\n").replacing("\\/", with: "/")
  }

  /// Ends everything, and gives the lines that were written to the log.
  func stopAndReadLog() throws -> [String] {
    stop()
    let text = try String(contentsOf: output, encoding: .utf8)
    try FileManager.default.removeItem(at: output)
    return text.split(separator: "\n").map(String.init)
  }

  func stop() {
    guard !isStopped else { return }
    isStopped = true
    let done = DispatchSemaphore(value: 0)
    thread.run { [server] _ in
      server?.drain(timeout: .zero, cutOff: Response(status: 503)) { done.signal() }
    }
    _ = done.wait(timeout: .now() + 5)
    thread.run { [self] _ in
      worker?.callCounters.report(worker!.log)
      worker?.log.flush()
      (server, worker) = (nil, nil)
    }
    thread.stop()
    pubSub.stop()
  }
}
