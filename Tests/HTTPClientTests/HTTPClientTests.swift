// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import ServerSupport
import Testing

/// An HTTP client on a loop of its own.
private final class RunningClient: @unchecked Sendable {
  typealias Answer = Result<IncomingResponse, TransportError>
  let thread: LoopThread
  private var client: HTTPClient?

  init(maxConnections: Int = 64) throws {
    thread = try LoopThread()
    client = thread.run {
      HTTPClient(loop: $0, userAgent: "tests/1", maxConnections: maxConnections)
    }
  }

  deinit { stop() }

  private func stop() {
    thread.run { [self] _ in client = nil }
    thread.stop()
  }

  func send(_ request: OutgoingRequest) -> Answer {
    thread.wait { [self] _, done in client?.send(request, done) }
  }

  /// Sends all at once; the answers in the order in which they came.
  func sendAll(_ requests: [OutgoingRequest]) -> [Answer] {
    thread.wait { [self] _, done in
      var answers: [Answer] = []
      for request in requests {
        client?.send(request) {
          answers.append($0)
          if answers.count == requests.count { done(answers) }
        }
      }
    }
  }

  /// Each request is sent by the completion of the one before.
  func sendInTurn(_ requests: [OutgoingRequest]) -> [Answer] {
    thread.wait { [self] _, done in
      var answers: [Answer] = []
      func next() {
        guard answers.count < requests.count else { return done(answers) }
        client?.send(requests[answers.count]) {
          answers.append($0)
          next()
        }
      }
      next()
    }
  }
}

@Suite struct HTTPClientTests {
  private func url(_ port: UInt16, _ path: String = "/") -> String {
    "http://127.0.0.1:\(port)\(path)"
  }

  private func echo(_ request: Request, _ call: Call) {
    let fields = ["user-agent": request.header("user-agent"), "x-a": request.header("x-a")]
    let text =
      "\(request.method.rawValue) \(request.target) \(fields["user-agent"]! ?? "-") "
      + "\(fields["x-a"]! ?? "-") \(request.header("expect") ?? "-") "
    call.reply(Response(status: 200, body: Array(text.utf8) + request.body))
  }

  @Test func `a request arrives as it was described`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RunningClient()
    let post = OutgoingRequest(
      method: "POST", url: url(server.port, "/p?q=%20"), headers: ["X-A: b c"],
      body: Array("body".utf8))
    let answer = try client.send(post).get()
    #expect(answer.status == 200)
    #expect(String(decoding: answer.body, as: UTF8.self) == "POST /p?q=%20 tests/1 b c - body")
  }

  @Test(arguments: ["GET", "DELETE", "PUT", "PATCH", "POST"])
  func `methods arrive, with and without a body`(_ method: String) throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RunningClient()
    for body in ["", "x"] {
      let request = OutgoingRequest(method: method, url: url(server.port), body: Array(body.utf8))
      let answer = try client.send(request).get()
      #expect(String(decoding: answer.body, as: UTF8.self) == "\(method) / tests/1 - - \(body)")
    }
  }

  @Test func `no request is like the one before it, whatever the two are`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RunningClient()
    let kinds = ["POST", "GET", "PUT", "HEAD"].flatMap { [($0, ""), ($0, "x")] }
      .filter { $0 != ("HEAD", "x") }
    let pairs = kinds.flatMap { first in kinds.flatMap { [first, $0] } }
    let requests = pairs.enumerated().map { number, kind in
      OutgoingRequest(
        method: kind.0, url: url(server.port, "/\(number)"),
        headers: number % 3 == 0 ? ["X-A: \(number)"] : [], body: Array(kind.1.utf8))
    }
    let answers = client.sendInTurn(requests)
    #expect(answers.count == pairs.count)
    for (number, (kind, answer)) in zip(pairs, answers).enumerated() {
      let field = number % 3 == 0 ? "\(number)" : "-"
      let expected = kind.0 == "HEAD" ? "" : "\(kind.0) /\(number) tests/1 \(field) - \(kind.1)"
      #expect(String(decoding: try answer.get().body, as: UTF8.self) == expected)
    }
  }

  @Test func `HEAD has no body to wait for`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let answer = try RunningClient().send(OutgoingRequest(method: "HEAD", url: url(server.port)))
      .get()
    #expect(answer.body == [])
    #expect(answer.header("content-length") != nil)
  }

  @Test func `requests one after the other use one connection`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RunningClient()
    let requests = (0..<50).map { OutgoingRequest(url: url(server.port, "/\($0)")) }
    let answers = client.sendInTurn(requests)
    for (number, answer) in answers.enumerated() {
      #expect(try answer.get().body.starts(with: Array("GET /\(number) ".utf8)))
    }
    #expect(server.onLoop { $0.counters.accepted } == 1)
  }

  @Test func `a kept connection that the server has closed is replaced`() throws {
    var limits = HTTPLimits()
    limits.idleTimeout = .milliseconds(1)
    let server = try RunningServer(limits: limits, handler: echo)
    defer { server.stop() }
    let client = try RunningClient()
    for number in 1...3 {
      #expect(try client.send(OutgoingRequest(url: url(server.port))).get().status == 200)
      #expect(eventually { server.onLoop { $0.counters.closed } == number })
    }
  }

  @Test func `requests at once share no more connections than allowed`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RunningClient(maxConnections: 4)
    let requests = (0..<100).map { OutgoingRequest(url: url(server.port, "/\($0)")) }
    let answers = client.sendAll(requests)
    #expect(answers.count == 100)
    let bodies = Set(try answers.map { String(decoding: try $0.get().body, as: UTF8.self) })
    #expect(bodies.count == 100)
    #expect(server.onLoop { $0.counters.accepted } <= 4)
  }

  @Test func `large bodies go both ways unchanged`() throws {
    let server = try RunningServer { $1.reply(Response(status: 200, body: $0.body)) }
    defer { server.stop() }
    let body = (0..<9_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
    let request = OutgoingRequest(method: "POST", url: url(server.port), body: body)
    #expect(try RunningClient().send(request).get().body == body)
  }

  @Test func `an answer that takes too long is an error`() throws {
    let kept = Kept()
    let server = try RunningServer { kept.calls.append($1) }
    defer { server.stop() }
    let client = try RunningClient()
    let late = client.send(OutgoingRequest(url: url(server.port), timeout: .milliseconds(50)))
    #expect(throws: TransportError.self) { try late.get() }
  }

  @Test func `a connection that nobody accepts is an error`() throws {
    let server = try RunningServer(handler: echo)
    let port = server.port
    server.stop()
    let client = try RunningClient()
    let refused = client.send(OutgoingRequest(url: url(port)))
    #expect(throws: TransportError.self) { try refused.get() }
    // The client is none the worse for it.
    let second = try RunningServer(handler: echo)
    defer { second.stop() }
    #expect(try client.send(OutgoingRequest(url: url(second.port))).get().status == 200)
  }

  @Test(arguments: [
    "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "not HTTP at all\r\n\r\n",
  ])
  func `an answer that is cut or none is an error`(_ bytes: String) throws {
    let listener = try RawListener(answering: bytes)
    let client = try RunningClient()
    let cut = client.send(OutgoingRequest(url: url(listener.port), timeout: .seconds(5)))
    #expect(throws: TransportError.self) { try cut.get() }
  }

  @Test func `neither interim answers nor trailers are the answer's head`() throws {
    let listener = try RawListener(
      answering: "HTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nX-B: late\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "2\r\nok\r\n0\r\nX-C: later\r\nHTTP/1.1: x\r\n\r\n")
    let answer = try RunningClient().send(OutgoingRequest(url: url(listener.port))).get()
    #expect(answer.status == 200)
    #expect(answer.header("x-a") == nil)
    #expect(answer.header("x-b") == "late")
    #expect(answer.header("x-c") == nil)
    #expect(answer.body == Array("ok".utf8))
  }

  @Test func `an answer beyond its bound is an error`() throws {
    let server = try RunningServer {
      $1.reply(Response(status: 200, body: [UInt8](repeating: 1, count: 1001)))
    }
    defer { server.stop() }
    let client = try RunningClient()
    let over = client.send(OutgoingRequest(url: url(server.port), maxAnswer: 1000))
    #expect(throws: TransportError.self) { try over.get() }
    #expect(
      try client.send(OutgoingRequest(url: url(server.port), maxAnswer: 1001)).get().body.count
        == 1001)
  }

  @Test(arguments: ["", "nonsense", "ftp://127.0.0.1/", "file:///etc/passwd", "http://"])
  func `what is no HTTP URL is an error`(_ url: String) throws {
    let refused = try RunningClient().send(OutgoingRequest(url: url))
    #expect(throws: TransportError.self) { try refused.get() }
  }

  @Test func `a redirect is an answer like any other`() throws {
    let server = try RunningServer {
      $1.reply(Response(status: 307, headers: [("Location", "http://127.0.0.1:1/")]))
    }
    defer { server.stop() }
    #expect(try RunningClient().send(OutgoingRequest(url: url(server.port))).get().status == 307)
  }

  @Test func `a client that is dropped with requests under way takes them along`() throws {
    let kept = Kept()
    let server = try RunningServer { kept.calls.append($1) }
    defer { server.stop() }
    let thread = try LoopThread()
    defer { thread.stop() }
    let answer: Result<IncomingResponse, TransportError> = thread.wait { loop, done in
      var client: HTTPClient? = HTTPClient(loop: loop, userAgent: "t")
      client?.send(OutgoingRequest(url: self.url(server.port)), done)
      loop.schedule(after: .milliseconds(50)) { client = nil }
    }
    #expect(throws: TransportError.self) { try answer.get() }
  }
}

@Suite struct IncomingResponseTests {
  @Test(arguments: [
    ("etag", "a"), ("ETag", "a"), ("x-empty", ""), ("x-two", "first"), ("x-blank", "b c"),
    ("absent", nil), ("HTTP/1.1 200 OK", nil), ("200", nil),
  ])
  func `a field is found by its name`(_ name: String, _ value: String?) {
    let head =
      "HTTP/1.1 200: OK\r\nETag:a\r\nX-Empty:\r\nX-Two: first\r\nX-Two: second\r\n"
      + "X-Blank: \t b c \t\r\n\r\n"
    let response = IncomingResponse(status: 200, head: Array(head.utf8), body: [])
    #expect(response.header(name) == value)
  }
}

private final class Kept: @unchecked Sendable { var calls: [Call] = [] }
