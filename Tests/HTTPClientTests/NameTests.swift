// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPServer
import ServerSupport
import Synchronization
import Testing

@testable import HTTPClient

/// A resolver that answers what and when a test says.
private final class FakeResolver: Sendable {
  private let state = Mutex<(answer: Result<String, TransportError>, wait: useconds_t, asked: Int)>(
    (.success("127.0.0.1"), 0, 0))

  var asked: Int { state.withLock { $0.asked } }

  func set(_ answer: Result<String, TransportError>, after seconds: Double = 0) {
    state.withLock { state in
      state.answer = answer
      state.wait = useconds_t(seconds * 1_000_000)
    }
  }

  func addresses(of name: String) -> Result<String, TransportError> {
    let (answer, wait) = state.withLock { state in
      state.asked += 1
      return (state.answer, state.wait)
    }
    usleep(wait)
    return answer
  }
}

@Suite final class NameTests {
  private let resolver = FakeResolver()
  private let thread: LoopThread
  private let server: RunningServer
  private final class Holder: @unchecked Sendable { var client: HTTPClient? }
  private let holder = Holder()

  init() throws {
    thread = try LoopThread()
    server = try RunningServer { _, call in call.reply(Response(status: 200, text: "first")) }
    let (holder, resolver) = (holder, resolver)
    thread.run { loop in
      let client = HTTPClient(loop: loop, userAgent: "tests/1")
      client.resolve = { resolver.addresses(of: $0) }
      holder.client = client
    }
  }

  deinit {
    let holder = holder
    thread.run { _ in holder.client = nil }
    thread.stop()
    server.stop()
  }

  private func request(
    _ name: String = "service.test", timeout: Duration = .seconds(30),
    connect: Duration = .seconds(5)
  ) -> OutgoingRequest {
    OutgoingRequest(
      url: "http://\(name):\(server.port)/", timeout: timeout, connectTimeout: connect)
  }

  private func send(_ requests: [OutgoingRequest]) -> [Result<IncomingResponse, TransportError>] {
    let holder = holder
    return thread.wait { _, done in
      var answers: [Result<IncomingResponse, TransportError>] = []
      for request in requests {
        holder.client?.send(request) {
          answers.append($0)
          if answers.count == requests.count { done(answers) }
        }
      }
    }
  }

  private func text(_ answer: Result<IncomingResponse, TransportError>) -> String {
    switch answer {
    case .success(let response):
      String(decoding: response.body, as: UTF8.self).trimmingCharacters(in: .newlines)
    case .failure(let error): error.description
    }
  }

  @Test func `one question serves all requests, and later ones need none`() {
    #expect(send(Array(repeating: request(), count: 20)).map(text).allSatisfy { $0 == "first" })
    #expect(send([request(), request()]).map(text) == ["first", "first"])
    #expect(resolver.asked == 1)
    #expect(send([request("other.test")]).map(text) == ["first"])
    #expect(resolver.asked == 2)
  }

  @Test func `an address is nothing to ask for`() {
    #expect(send([request("127.0.0.1")]).map(text) == ["first"])
    #expect(resolver.asked == 0)
  }

  @Test func `a slow resolver stops neither the loop nor other requests, and its answer is used`()
    throws
  {
    resolver.set(.success("127.0.0.1"), after: 3)
    let (holder, thread, began) = (holder, thread, Date())
    let first = Mutex<Double?>(nil)
    let slow = request(timeout: .seconds(20), connect: .seconds(10))
    let group = DispatchGroup()
    group.enter()
    thread.run { _ in
      holder.client?.send(slow) { answer in
        if case .success = answer { first.withLock { $0 = Date().timeIntervalSince(began) } }
        group.leave()
      }
    }
    // Shorter than the resolver: ended in time, while the resolver is still at it.
    let impatient = send([request(timeout: .seconds(20), connect: .milliseconds(200))])
    #expect(impatient.map(text) == ["Resolving timed out after 200 milliseconds"])
    #expect(send([request("127.0.0.1")]).map(text) == ["first"])
    var longest = 0.0
    while Date().timeIntervalSince(began) < 2.5 {
      let asked = Date()
      thread.run { _ in }
      longest = max(longest, Date().timeIntervalSince(asked))
      usleep(10_000)
    }
    #expect(longest < 1)
    #expect(group.wait(timeout: .now() + 20) == .success)
    #expect(try #require(first.withLock { $0 }) >= 3)
    #expect(resolver.asked == 1)
  }

  @Test func `a client is closed at once while its resolver is at work`() throws {
    resolver.set(.success("127.0.0.1"), after: 3)
    let (holder, thread, slow) = (holder, thread, request(connect: .seconds(10)))
    let ended = Mutex<String?>(nil)
    let began = Date()
    thread.run { _ in
      holder.client?.send(slow) { answer in
        if case .failure(let error) = answer { ended.withLock { $0 = error.description } }
      }
    }
    thread.run { _ in holder.client = nil }
    #expect(eventually(within: 2) { ended.withLock { $0 } == "the client was closed" })
    #expect(Date().timeIntervalSince(began) < 2)
  }

  @Test func `a name that can't be resolved is a failure that names it, and is asked for again`() {
    resolver.set(.failure(TransportError("service.test can't be resolved: no such host name")))
    let failed = "service.test can't be resolved: no such host name"
    #expect(send([request(), request()]).map(text) == [failed, failed])
    #expect(send([request()]).map(text) == [failed])
    #expect(resolver.asked == 1)
    resolver.set(.success("127.0.0.1"))
    var answers: [String] = []
    #expect(
      eventually(within: 5) {
        answers = send([request()]).map(text)
        return answers == ["first"]
      })
    #expect(resolver.asked == 2)
  }

  @Test func `soon after an address has died the name is asked for again`() throws {
    #expect(send([request()]).map(text) == ["first"])
    resolver.set(.success("127.0.0.2"))
    #expect(send([request()]).map(text) == ["first"])
    // The same port on another address; the first one goes.
    let port = server.port
    let other = try LoopThread()
    let second = other.run { loop in
      Result {
        let server = HTTPServer(loop: loop) { _, call in
          call.reply(Response(status: 200, text: "second"))
        }
        try server.listen(host: "127.0.0.2", port: port)
        return LoopBound(server, of: loop)
      }
    }
    defer { other.stop() }
    let running = try second.get()
    #expect(server.drain(timeout: .zero).wait(timeout: .now() + 5) == .success)
    let died = Date()
    var answers: [String] = []
    #expect(
      eventually(within: 10) {
        answers = send([request(timeout: .seconds(2))]).map(text)
        return answers == ["second"]
      })
    #expect(Date().timeIntervalSince(died) < 5)
    other.run { _ in running.value.drain(timeout: .zero, cutOff: Response(status: 503)) {} }
  }

  @Test func `several addresses are tried until one answers`() {
    resolver.set(.success("127.0.0.3,[::1],127.0.0.1"))
    #expect(send([request()]).map(text) == ["first"])
  }

  @Test func `the system's resolver knows this machine`() throws {
    let holder = holder
    thread.run { _ in holder.client?.resolve = nil }
    #expect(send([request("localhost")]).map(text) == ["first"])
  }
}
