// SPDX-License-Identifier: MIT
import AsyncFunctions
import Envelopes
import EventLoop
import Foundation
import ServerSupport
import Settings
import Synchronization
import Testing
import TypedFunctions

@testable import FunctionRuntime

@Suite struct AsyncFunctionTests {
  private struct Order: Decodable, Sendable {
    let id: Int
  }

  private struct Failure: Error {}

  private static func authentication() -> PushAuthentication {
    var reader = SettingsReader(environment: ["PUSH_AUTH": "none"])
    return PushAuthentication(&reader)
  }

  private func push(_ data: String) -> String {
    let base64 = Data(data.utf8).base64EncodedString()
    let body =
      #"{"message":{"data":"\#(base64)","messageId":"7","attributes":{"a":"é","b":"2"},"#
      + #""orderingKey":"k","publishTime":"2026-01-02T03:04:05Z"},"subscription":"s","#
      + #""deliveryAttempt":3}"#
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// Blocking tests beside this one keep Swift's own threads busy, so the handlers run on others, and the
  /// test waits on one of its own.
  private final class OwnThreads: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
  }

  private static let patience = 120

  private func statuses(_ function: RunningFunction, _ requests: [String]) async throws -> [Int] {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            let clients = try requests.map { request in
              let client = try RawClient(port: function.port, timeout: Self.patience)
              try client.send(request)
              return client
            }
            return try clients.map { try $0.readAnswer().status }
          })
      }
    }
  }

  private func status(_ function: RunningFunction, _ request: String) async throws -> Int {
    try await statuses(function, [request])[0]
  }

  @Test func `an async handler gets a copy of everything and says the outcome`() async throws {
    let seen = Mutex<ReceivedMessage?>(nil)
    let function = try RunningFunction { worker in
      .messages(
        .asynchronous(
          authentication: Self.authentication(), worker: worker,
          executor: OwnThreads()
        ) { message in
          await Task.yield()
          seen.withLock { $0 = message }
          return .done
        })
    }
    defer { function.stop() }
    #expect(try await status(function, push("hello")) == 204)
    let message = try #require(seen.withLock { $0 })
    #expect(message.data == Array("hello".utf8))
    #expect(message.attributes == ["a": "é", "b": "2"])
    #expect(message.id == "7" && message.orderingKey == "k" && message.subscription == "s")
    #expect(message.deliveryAttempt == 3)
    #expect(message.publishTime?.description == "2026-01-02T03:04:05.000000000Z")
  }

  @Test func `a handler that throws makes the message come again`() async throws {
    let function = try RunningFunction { worker in
      .messages(
        .asynchronous(
          authentication: Self.authentication(), worker: worker,
          executor: OwnThreads()
        ) { _ in
          throw Failure()
        })
    }
    defer { function.stop() }
    #expect(try await status(function, push("x")) == 503)
    #expect(
      function.onLoop { $0.callCounters.others }
        == [CallCounters.Key(outcome: "retry", reason: "handler_failed"): 1])
  }

  @Test func `at its deadline the call is answered and the task is cancelled`() async throws {
    let wasCancelled = Mutex(false)
    let function = try RunningFunction(environment: ["REQUEST_TIMEOUT": "50ms"]) { worker in
      .messages(
        .asynchronous(
          authentication: Self.authentication(), worker: worker,
          executor: OwnThreads()
        ) { _ in
          do {
            try await Task.sleep(for: .seconds(30))
          } catch {
            wasCancelled.withLock { $0 = true }
          }
          return .done
        })
    }
    defer { function.stop() }
    #expect(try await status(function, push("x")) == 504)
    for _ in 0..<Self.patience * 100 where !wasCancelled.withLock({ $0 }) {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(wasCancelled.withLock { $0 })
  }

  @Test func `many handlers run at once`() async throws {
    let running = Mutex((now: 0, most: 0))
    let function = try RunningFunction { worker in
      .messages(
        .asynchronous(
          authentication: Self.authentication(), worker: worker,
          executor: OwnThreads()
        ) { _ in
          running.withLock { state in
            state.now += 1
            state.most = max(state.most, state.now)
          }
          while running.withLock({ $0.most }) < 10 { try await Task.sleep(for: .milliseconds(1)) }
          return .done
        })
    }
    defer { function.stop() }
    let answers = try await statuses(function, Array(repeating: push("x"), count: 10))
    #expect(answers == Array(repeating: 204, count: 10))
  }

  @Test func `a typed handler gets a value, and what is none is rejected`() async throws {
    let ids = Mutex<[Int]>([])
    let recorded = Mutex<[String]>([])
    let function = try RunningFunction { worker in
      .messages(
        .typed(
          Order.self, stage: "orders", authentication: Self.authentication(), worker: worker,
          executor: OwnThreads(),
          record: { _, rejection, completion in
            recorded.withLock { $0.append(rejection.detail) }
            completion(true)
          }
        ) { order, _ in
          ids.withLock { $0.append(order.id) }
          return .done
        })
    }
    defer { function.stop() }
    #expect(try await status(function, push(#"{"id":5}"#)) == 204)
    #expect(try await status(function, push(#"{"id":"five"}"#)) == 204)
    #expect(ids.withLock { $0 } == [5])
    #expect(recorded.withLock { $0 } == ["The field id is not of type Int."])
  }

  // MARK: Events

  private static let binary =
    "ce-id: b\r\nce-source: /s\r\nce-type: t\r\nce-specversion: 1.0\r\nce-subject: %C3%A9\r\n"
    + "ce-time: 2026-01-02T03:04:05Z\r\nce-dataschema: https://a/b\r\nce-more: x\r\n"
    + "Content-Type: application/json\r\n"

  private func event(_ body: String) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\n\(Self.binary)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func batch(_ ids: ClosedRange<Int>) -> String {
    let events = ids.map {
      "{\"id\":\"\($0)\",\"source\":\"/s\",\"type\":\"t\",\"specversion\":\"1.0\"}"
    }
    let body = "[\(events.joined(separator: ","))]"
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/cloudevents-batch+json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func events(
    environment: [String: String] = [:],
    _ handler: @escaping @Sendable (ReceivedEvent) async throws -> Outcome
  ) throws -> RunningFunction {
    try RunningFunction(environment: environment) { worker in
      .events(
        .asynchronous(
          authentication: Self.authentication(), worker: worker, executor: OwnThreads(), handler))
    }
  }

  @Test func `an async handler of events gets a copy of everything and says the outcome`()
    async throws
  {
    let seen = Mutex<[ReceivedEvent]>([])
    let function = try events { event in
      await Task.yield()
      seen.withLock { $0.append(event) }
      return event.message == nil ? .done : .retry(.publishFailed)
    }
    defer { function.stop() }
    #expect(try await status(function, event("{ }")) == 204)
    #expect(try await status(function, push("hello")) == 503)
    let (first, second) = try #require(seen.withLock { $0.count == 2 ? ($0[0], $0[1]) : nil })
    #expect(first.id == "b" && first.source == "/s" && first.type == "t" && first.subject == "é")
    #expect(first.time?.description == "2026-01-02T03:04:05.000000000Z")
    #expect(first.dataContentType == "application/json" && first.dataSchema == "https://a/b")
    #expect(first.extensions == ["more": .string("x")])
    #expect(first.data == Array("{ }".utf8) && first.push == nil && first.message == nil)
    #expect(second.id == "7" && second.type == CloudEvent.messagePublished)
    #expect(second.push?.subscription == "s" && second.push?.deliveryAttempt == 3)
    let message = try #require(second.message)
    #expect(message.data == Array("hello".utf8) && message.attributes == ["a": "é", "b": "2"])
    #expect(message.id == "7" && message.orderingKey == "k" && message.deliveryAttempt == 3)
  }

  @Test func `a handler of events that throws makes the event come again`() async throws {
    let function = try events { _ in throw Failure() }
    defer { function.stop() }
    #expect(try await status(function, event("x")) == 503)
    #expect(
      function.onLoop { $0.callCounters.others }
        == [CallCounters.Key(outcome: "retry", reason: "handler_failed"): 1])
  }

  @Test func `at its deadline an event is answered and its task is cancelled`() async throws {
    let wasCancelled = Mutex(false)
    let function = try events(environment: ["REQUEST_TIMEOUT": "50ms"]) { _ in
      do {
        try await Task.sleep(for: .seconds(30))
      } catch {
        wasCancelled.withLock { $0 = true }
      }
      return .done
    }
    defer { function.stop() }
    #expect(try await status(function, event("x")) == 504)
    for _ in 0..<Self.patience * 100 where !wasCancelled.withLock({ $0 }) {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(wasCancelled.withLock { $0 })
  }

  @Test func `the events of a batch are handled side by side and answered once`() async throws {
    let running = Mutex(0)
    let function = try events { event in
      running.withLock { $0 += 1 }
      while running.withLock({ $0 }) < 10 { try await Task.sleep(for: .milliseconds(1)) }
      return event.id == "7" ? .retry(.overloaded) : .done
    }
    defer { function.stop() }
    #expect(try await status(function, batch(1...10)) == 429)
    #expect(running.withLock { $0 } == 10)
  }

  @Test func `a typed handler gets the same value from an event and from a message`() async throws {
    let ids = Mutex<[Int]>([])
    let recorded = Mutex<[String]>([])
    let function = try RunningFunction { worker in
      .events(
        .typed(
          Order.self, stage: "orders", authentication: Self.authentication(), worker: worker,
          executor: OwnThreads(),
          record: { _, rejection, completion in
            recorded.withLock { $0.append("\(rejection.reason) \(rejection.detail)") }
            completion(true)
          }
        ) { order, _ in
          ids.withLock { $0.append(order.id) }
          return .done
        })
    }
    defer { function.stop() }
    #expect(try await status(function, event(#"{"id":5}"#)) == 204)
    #expect(try await status(function, push(#"{"id":6}"#)) == 204)
    #expect(ids.withLock { $0 } == [5, 6])
    // Pub/Sub's are recorded; another sender is told.
    for bad in [#"{"id":"five"}"#, "x", ""] {
      #expect(try await status(function, event(bad)) == 422)
    }
    #expect(recorded.withLock { $0 } == [])
    #expect(try await status(function, push("five")) == 204)
    #expect(recorded.withLock { $0 } == ["payload_invalid The data is not JSON."])
    #expect(ids.withLock { $0 } == [5, 6])
  }
}
