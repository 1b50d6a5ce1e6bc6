// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import TestSupport
import Testing

@testable import Conformance

/// Clients that other people wrote, against the example function.
@Suite(.serialized) struct RealClientTests {
  private static let echo = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("event-echo")

  private func run(_ program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    let output = Pipe()
    process.executableURL = PubSubEmulator.find(program) ?? URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(program) \(arguments.joined(separator: " "))")
    return data
  }

  @Test(
    .partOfAll,
    .enabled(if: PubSubEmulator.find("python3") != nil, "python3 is not installed"),
    .timeLimit(.minutes(10)))
  func `events of PyPI's cloudevents arrive as they were sent`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-client-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    _ = try run("python3", ["-m", "venv", folder.path])
    let python = folder.appendingPathComponent("bin/python").path
    _ = try run(python, ["-m", "pip", "install", "-q", "cloudevents>=2.2,<3"])

    let function = try Echo(.events, program: Self.echo)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("cloudevents_client.py").path
    let answer = try run(python, [script, "\(function.port)"])
    let sent = try #require(try JSONSerialization.jsonObject(with: answer) as? [[String: Any]])
    let received = try function.received()
    #expect(function.stop() == 0)
    #expect(sent.count == 8 && received.count == 8)
    for (sent, got) in zip(sent, received) {
      let name = "\(sent["mode"] ?? "") \(sent["id"] ?? "")"
      let attributes = try #require(got["attributes"] as? [String: String])
      let data = (got["data"] as? String).flatMap { Data(base64Encoded: $0) }
      #expect(sent["status"] as? Int == 204, "\(name)")
      #expect(attributes["id"] == sent["id"] as? String, "\(name)")
      #expect(attributes["subject"] == sent["subject"] as? String, "\(name)")
      #expect(attributes["extname"] == sent["extname"] as? String, "\(name)")
      #expect(attributes["time"] == "2026-01-02T03:04:05.678900000Z", "\(name)")
      if let json = sent["json"] as? NSDictionary {
        let value = try JSONSerialization.jsonObject(with: #require(data)) as? NSDictionary
        #expect(value == json, "\(name)")
      } else {
        #expect(data?.base64EncodedString() == sent["data"] as? String, "\(name)")
      }
    }
  }

  @Test(
    .enabled(if: PubSubEmulator.isInstalled, "gcloud with the Pub/Sub emulator is not installed"),
    .timeLimit(.minutes(10)))
  func `the emulator's wrapped and unwrapped pushes are the same message`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-shapes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let emulator = try PubSubEmulator(logs: folder)
    defer { emulator.stop() }
    let thread = try LoopThread()
    defer { thread.stop() }
    let base = "http://127.0.0.1:\(emulator.port)/v1/projects/demo"
    func call(_ method: String, _ path: String, _ body: [String: Any]) throws -> Int {
      let data = try JSONSerialization.data(withJSONObject: body)
      return fetch(method, base + path, body: Array(data), on: thread)?.status ?? 0
    }
    let functions = [
      try Echo(.messages, program: Self.echo), try Echo(.messages, program: Self.echo),
    ]
    #expect(try call("PUT", "/topics/shapes", [:]) == 200)
    for (index, wrapper) in [[:], ["noWrapper": ["writeMetadata": true]]].enumerated() {
      var push: [String: Any] = wrapper
      push["pushEndpoint"] = "http://127.0.0.1:\(functions[index].port)/"
      let made = try call(
        "PUT", "/subscriptions/shape-\(index)",
        [
          "topic": "projects/demo/topics/shapes", "pushConfig": push, "ackDeadlineSeconds": 60,
          "retryPolicy": ["minimumBackoff": "1s", "maximumBackoff": "5s"],
        ])
      #expect(made == 200)
    }
    let text = "hello, wörld"
    let message: [String: Any] = [
      "data": Data(text.utf8).base64EncodedString(), "attributes": ["colour": "blue"],
    ]
    #expect(try call("POST", "/topics/shapes:publish", ["messages": [message]]) == 200)
    for function in functions {
      var received: [[String: Any]] = []
      try waitUntil("the push arrives", within: 30) {
        received += try function.received()
        return !received.isEmpty
      }
      let got = try #require(received.first)
      #expect((got["attributes"] as? [String: String])?["colour"] == "blue")
      let data = (got["data"] as? String).flatMap { Data(base64Encoded: $0) }
      #expect(data.map { String(decoding: $0, as: UTF8.self) } == text)
      #expect((got["facts"] as? [String: String])?["message_id"]?.isEmpty == false)
      #expect(function.stop() == 0)
    }
  }
}
