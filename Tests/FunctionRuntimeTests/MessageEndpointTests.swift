// SPDX-License-Identifier: MIT
import Envelopes
import EventLoop
import Foundation
import HTTPServer
import ServerSupport
import Settings
import Testing

@testable import FunctionRuntime

@Suite struct MessageEndpointTests {
  /// What the function was given and what was recorded; used on the loop only.
  private final class Seen: @unchecked Sendable {
    var data: [String] = []
    var recorded: [String] = []
    var open: [Delivery] = []
    var left: [Duration] = []
  }

  private func start(
    _ seen: Seen, environment: [String: String] = [:], auth: String = "none",
    canRecord: Bool = true, receive: ((Delivery) -> Void)? = nil
  ) throws -> RunningFunction {
    try RunningFunction(environment: environment) { _ in
      var reader = SettingsReader(environment: ["PUSH_AUTH": auth])
      return .messages(
        MessageFunction(
          authentication: PushAuthentication(&reader),
          receive: { delivery in
            seen.data.append(Self.data(of: delivery))
            if let receive { receive(delivery) } else { delivery.finish(.done) }
          },
          record: { delivery, rejection, completion in
            seen.recorded.append("\(rejection.reason.rawValue): \(Self.data(of: delivery))")
            completion(canRecord)
          }))
    }
  }

  private static func data(of delivery: Delivery) -> String {
    let message = delivery.message
    return message.buffer.withSpan { $0.string(message.data) }
  }

  private func push(_ data: String, fields: String = "") -> String {
    let body = #"{"message":{"data":"\#(Data(data.utf8).base64EncodedString())","messageId":"1"}}"#
    return raw(body, fields: fields)
  }

  private func raw(_ body: String, fields: String = "") -> String {
    "POST / HTTP/1.1\r\nHost: a\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func status(_ function: RunningFunction, _ request: String) throws -> Int {
    let client = try RawClient(port: function.port)
    try client.send(request)
    return try client.readAnswer().status
  }

  @Test func `a push is decoded and acknowledged with 204`() throws {
    let seen = Seen()
    let function = try start(seen)
    defer { function.stop() }
    #expect(try status(function, push("hello")) == 204)
    #expect(function.onLoop { _ in seen.data } == ["hello"])
    #expect(function.onLoop { $0.callCounters.done } == 1)
  }

  @Test func `pipelined pushes keep their own data`() throws {
    let seen = Seen()
    let function = try start(seen)
    defer { function.stop() }
    let client = try RawClient(port: function.port)
    try client.send((0..<50).map { push("message \($0)") }.joined())
    for _ in 0..<50 { #expect(try client.readAnswer().status == 204) }
    #expect(function.onLoop { _ in seen.data } == (0..<50).map { "message \($0)" })
  }

  @Test(arguments: [
    (Outcome.retry(.publishFailed), 503), (.retry(.overloaded), 429),
    (.retry(.deadlineExceeded), 504), (.retry(.tableMissing), 503),
    (.reject(Rejection(stage: "test", reason: .invalidValue, detail: "d")), 204),
  ])
  func `each outcome has its status`(_ outcome: Outcome, _ expected: Int) throws {
    let seen = Seen()
    let function = try start(seen) { $0.finish(outcome) }
    defer { function.stop() }
    #expect(try status(function, push("x")) == expected)
  }

  @Test func `a rejection is recorded with its data before it is acknowledged`() throws {
    let seen = Seen()
    let function = try start(seen) {
      $0.finish(.reject(Rejection(stage: "test", reason: .entryNotJSON, detail: "d")))
    }
    defer { function.stop() }
    #expect(try status(function, push("bad")) == 204)
    #expect(function.onLoop { _ in seen.recorded } == ["entry_not_json: bad"])
    #expect(
      function.onLoop { $0.callCounters.others } == [
        CallCounters.Key(outcome: "rejected", reason: "entry_not_json"): 1
      ])
  }

  @Test func `a rejection that can't be recorded is not acknowledged`() throws {
    let seen = Seen()
    let function = try start(seen, canRecord: false) {
      $0.finish(.reject(Rejection(stage: "test", reason: .entryNotJSON, detail: "d")))
    }
    defer { function.stop() }
    #expect(try status(function, push("bad")) == 503)
    #expect(
      function.onLoop { $0.callCounters.others } == [
        CallCounters.Key(outcome: "retry", reason: "rejection_not_recorded"): 1
      ])
  }

  @Test(arguments: ["", "{", "[]", "{}", #"{"message":{"data":"%%%%"}}"#, #"{"message":1}"#])
  func `what is not a message is a 400 and nobody is asked`(_ body: String) throws {
    let seen = Seen()
    let function = try start(seen)
    defer { function.stop() }
    #expect(try status(function, raw(body)) == 400)
    #expect(function.onLoop { _ in seen.data } == [])
  }

  @Test(arguments: ["oidc", "platform"])
  func `who can't be verified is refused before the body`(_ mode: String) throws {
    let seen = Seen()
    let function = try start(seen, auth: mode)
    defer { function.stop() }
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
    #expect(try status(function, head) == 401)
    #expect(function.onLoop { _ in seen.data } == [])
  }

  @Test func `only POST is a push`() throws {
    let function = try start(Seen())
    defer { function.stop() }
    #expect(try status(function, "GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 405)
    #expect(try status(function, "PUT / HTTP/1.1\r\nHost: a\r\n\r\n") == 405)
  }

  @Test func `a body in a coding is refused before it is read, but not an attribute of that name`()
    throws
  {
    let seen = Seen()
    let function = try start(seen)
    defer { function.stop() }
    let client = try RawClient(port: function.port)
    try client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n")
    let answer = try client.readAnswer()
    #expect(answer.status == 415 && answer.fields["accept-encoding"] == "identity")
    #expect(function.onLoop { _ in seen.data } == [])
    #expect(
      function.onLoop { $0.callCounters.others }
        == [CallCounters.Key(outcome: "refused", reason: "content_encoding"): 1])
    let unwrapped = "x-goog-pubsub-message-id: 1\r\nContent-Encoding: gzip\r\n"
    #expect(
      try status(
        function, "POST / HTTP/1.1\r\nHost: a\r\n\(unwrapped)Content-Length: 1\r\n\r\nx") == 204)
    #expect(function.onLoop { _ in seen.data } == ["x"])
  }

  @Test func `beyond the calls allowed in flight a push gets 429, and health still answers`() throws
  {
    let seen = Seen()
    let function = try start(seen, environment: ["MAX_IN_FLIGHT": "2"]) { seen.open.append($0) }
    defer { function.stop() }
    let clients = try (0..<2).map { _ in try RawClient(port: function.port) }
    for client in clients { try client.send(push("x")) }
    #expect(eventually { function.load.callsInFlight == 2 })
    #expect(try status(function, push("y")) == 429)
    #expect(try status(function, "GET /health HTTP/1.1\r\nHost: a\r\n\r\n") == 200)
    function.onLoop { _ in for delivery in seen.open { delivery.finish(.done) } }
    for client in clients { #expect(try client.readAnswer().status == 204) }
    #expect(try status(function, "GET /ready HTTP/1.1\r\nHost: a\r\n\r\n") == 200)
  }

  @Test func `a handler sees when its call ends`() throws {
    let seen = Seen()
    let function = try start(seen, environment: ["REQUEST_TIMEOUT": "20s"]) { delivery in
      seen.left.append(delivery.deadline - Instant.read())
      delivery.finish(.done)
    }
    defer { function.stop() }
    #expect(try status(function, push("x")) == 204)
    let left = try #require(function.onLoop { _ in seen.left.first })
    #expect(left > .seconds(10) && left <= .seconds(20))
  }

  @Test func `a message that is finished after its deadline is counted once, as late`() throws {
    let seen = Seen()
    let function = try start(seen, environment: ["REQUEST_TIMEOUT": "10ms"]) {
      seen.open.append($0)
    }
    defer { function.stop() }
    #expect(try status(function, push("late")) == 504)
    function.onLoop { worker in
      #expect(!seen.open[0].isOpen)
      // Whoever works on it still reads what was sent.
      #expect(Self.data(of: seen.open[0]) == "late")
      seen.open[0].finish(.done)
      seen.open[0].finish(.reject(Rejection(stage: "t", reason: .invalidValue, detail: "d")))
      #expect(worker.callCounters.done == 0)
      #expect(
        worker.callCounters.others == [
          CallCounters.Key(outcome: "deadline", reason: "deadline_exceeded"): 1
        ])
      #expect(seen.recorded == [])
    }
  }

  @Test func `readiness is what the function says, health is that it runs`() throws {
    let isReady = Ready()
    let function = try RunningFunction { worker in
      worker.addReadiness { isReady.value }
      return .http { $1.reply(Response(status: 418)) }
    }
    defer { function.stop() }
    func get(_ path: String) throws -> Int {
      try status(function, "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
    }
    #expect(try get("/ready") == 503)
    #expect(try get("/health") == 200)
    function.onLoop { _ in isReady.value = true }
    #expect(try get("/ready?x") == 200)
    #expect(try get("/robots.txt") == 404)
    #expect(try get("/favicon.ico") == 404)
    #expect(try get("/healthy") == 418)
    #expect(try status(function, "POST /health HTTP/1.1\r\nHost: a\r\n\r\n") == 418)
  }
}

private final class Ready: @unchecked Sendable { var value = false }
