// SPDX-License-Identifier: MIT
import AsyncFunctions
import Envelopes
import EventLoop
import Foundation
import ServerSupport
import Settings
import Testing

@testable import FunctionRuntime
@testable import HTTPServer

/// A handler may be in the middle of its own state when it answers, so no handler is called from inside an
/// answer, whichever endpoint and whenever the answer comes.
@Suite struct PipeliningTests {
  enum Endpoint: CaseIterable { case http, messages, events, asyncMessages, asyncEvents }
  enum Moment: CaseIterable { case atOnce, atTurnEnd, byTimer, fromAnotherThread }

  /// Notes each call that comes while an answer is being given; used on the loop only.
  private final class Watch: @unchecked Sendable {
    private var isAnswering = false
    private(set) var nested = 0
    private(set) var calls = 0

    func call() {
      calls += 1
      if isAnswering { nested += 1 }
    }

    func answer(_ body: () -> Void) {
      let outer = isAnswering
      isAnswering = true
      body()
      isAnswering = outer
    }

    func answer(_ moment: Moment, on loop: EventLoop, _ body: @escaping () -> Void) {
      call()
      switch moment {
      case .atOnce: answer(body)
      case .atTurnEnd: loop.atTurnEnd { self.answer(body) }
      case .byTimer: loop.schedule(after: .milliseconds(1)) { self.answer(body) }
      case .fromAnotherThread:
        let handle = loop.handle
        let work = LoopBound({ self.answer(body) }, of: loop)
        Thread.detachNewThread { handle.post { work.value() } }
      }
    }
  }

  /// Blocking tests beside this one keep Swift's own threads busy.
  private final class OwnThreads: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
  }

  private static func start(
    _ endpoint: Endpoint, _ moment: Moment, _ watch: Watch, _ settings: [String: String]
  ) throws -> RunningFunction {
    try RunningFunction { worker in
      var reader = SettingsReader(environment: settings)
      let authentication = PushAuthentication(&reader)
      let loop = worker.loop
      switch endpoint {
      case .http:
        return .http { _, call in
          watch.answer(moment, on: loop) { call.reply(Response(status: 204)) }
        }
      case .messages:
        return .messages(
          MessageFunction(
            authentication: authentication,
            receive: { delivery in
              watch.answer(moment, on: loop) {
                // As a function does that answers while it reads.
                delivery.message.buffer.withSpan { _ in delivery.finish(.done) }
              }
            }, record: { _, _, completion in completion(true) }))
      case .events:
        return .events(
          EventFunction(
            authentication: authentication,
            receive: { delivery in watch.answer(moment, on: loop) { delivery.finish(.done) } }))
      case .asyncMessages:
        return .messages(
          .asynchronous(
            authentication: authentication, worker: worker, executor: OwnThreads()
          ) { _ in .done })
      case .asyncEvents:
        return .events(
          .asynchronous(
            authentication: authentication, worker: worker, executor: OwnThreads()
          ) { _ in .done })
      }
    }
  }

  private static func requests(_ count: Int, token: String? = nil) -> String {
    let fields = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    return (0..<count).map { number in
      let body = #"{"message":{"data":"eA==","messageId":"\#(number)"},"subscription":"s"}"#
      return "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(fields)"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }.joined()
  }

  private static func statuses(_ function: RunningFunction, _ text: String, _ count: Int) throws
    -> [Int]
  {
    let client = try RawClient(port: function.port, timeout: 60)
    try client.send(text)
    return try (0..<count).map { _ in try client.readAnswer().status }
  }

  @Test(arguments: Endpoint.allCases, Moment.allCases)
  func `no handler is called from inside an answer`(_ endpoint: Endpoint, _ moment: Moment) throws {
    let watch = Watch()
    let function = try Self.start(endpoint, moment, watch, ["PUSH_AUTH": "none"])
    defer { function.stop() }
    #expect(
      try Self.statuses(function, Self.requests(20), 20) == Array(repeating: 204, count: 20))
    #expect(function.onLoop { _ in watch.nested } == 0)
    if endpoint != .asyncMessages, endpoint != .asyncEvents {
      #expect(function.onLoop { _ in watch.calls } == 20)
    }
  }

  @Test(
    .enabled(if: PushSigner.isAvailable, "no program openssl"),
    arguments: [Endpoint.messages, .events], Moment.allCases)
  func `nor while the sender's key is being fetched, at the start and when keys change`(
    _ endpoint: Endpoint, _ moment: Moment
  ) throws {
    let (first, second) = (try PushSigner(kid: "first"), try PushSigner(kid: "second"))
    let keys = try KeyServer([first], delay: .milliseconds(200))
    defer { keys.stop() }
    let watch = Watch()
    let function = try Self.start(endpoint, moment, watch, keys.settings())
    defer { function.stop() }
    let good = Array(repeating: 204, count: 5)
    let old = try first.token()
    #expect(try Self.statuses(function, Self.requests(5, token: old), 5) == good)
    try keys.publish([second])
    let new = try second.token()
    #expect(try Self.statuses(function, Self.requests(5, token: new), 5) == good)
    #expect(function.onLoop { _ in watch.calls } == 10)
    #expect(function.onLoop { _ in watch.nested } == 0)
    #expect(keys.fetches == 2)
  }

  @Test func `a call that is answered later frees what it took, pipelined or not`() throws {
    let watch = Watch()
    let server = try RunningServer { request, call in
      guard let loop = (call.exchange as? Connection)?.server.loop else { return }
      watch.answer(.byTimer, on: loop) { call.reply(Response(status: 204)) }
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    let body = String(repeating: "x", count: 200_000)
    let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    try client.send(request + request)
    for _ in 0..<2 { #expect(try client.readAnswer().status == 204) }
    #expect(
      eventually {
        server.onLoop {
          ($0.connections.compactMap { $0 }).allSatisfy { $0.input.capacity <= 64 * 1024 }
        }
      })
    client.close()
    #expect(server.isAtRest())
  }
}
