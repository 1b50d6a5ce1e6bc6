// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import Foundation
import ServerSupport
import Testing

@testable import HTTPServer

/// Answers with what it was asked: method, target and body.
func echo(_ request: Request, _ call: Call) {
  let text = "\(request.method.rawValue) \(request.target) "
  call.reply(
    Response(
      status: 200, headers: [("X-Method", "\(request.method)")],
      body: Array(text.utf8) + request.body))
}

extension RunningServer {
  /// Whether everything that was counted has been given back, and every connection is closed.
  func isAtRest() -> Bool {
    eventually {
      load.callsInFlight == 0 && load.bufferedBytes.load(ordering: .relaxed) == 0
        && onLoop { $0.openConnections == 0 && $0.scratchOwner == nil }
    }
  }
}

@Suite struct HTTPServerTests {
  private func get(_ path: String, _ fields: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
  }

  @Test func `requests follow each other on one connection`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    for number in 0..<3 {
      try client.send(get("/\(number)"))
      let answer = try client.readAnswer()
      #expect(answer.status == 200)
      #expect(answer.text == "GET /\(number) ")
      #expect(answer.fields["connection"] == nil)
    }
    #expect(server.onLoop { $0.counters.accepted } == 1)
    client.close()
    #expect(server.isAtRest())
  }

  @Test func `an answer carries the date of the moment`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(get("/"))
    let date = try #require(try client.readAnswer().fields["date"])
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    let parsed = try #require(format.date(from: date))
    #expect(abs(parsed.timeIntervalSinceNow) < 5)
  }

  @Test func `a hundred requests in one write are answered in order`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send((0..<100).map { get("/\($0)") }.joined())
    for number in 0..<100 { #expect(try client.readAnswer().text == "GET /\(number) ") }
  }

  @Test func `pipelined requests that are answered later keep their order`() throws {
    let server = try RunningServer { request, call in
      let target = request.target
      (call.exchange as! Connection).server.loop.atTurnEnd {
        call.reply(Response(status: 200, text: target))
      }
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send((0..<100).map { get("/\($0)") }.joined())
    for number in 0..<100 { #expect(try client.readAnswer().text == "/\(number)\n") }
    client.close()
    #expect(server.isAtRest())
  }

  @Test func `a head that arrives byte by byte is a head`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    for byte in Array("\r\n\(get("/slow", "X-Name: value\r\n"))".utf8) { try client.send([byte]) }
    #expect(try client.readAnswer().text == "GET /slow ")
  }

  @Test(arguments: [
    "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\nX: y\n\r\nrest",
    "GET / HTTP/1.1\r\nHost: a\r\n X: y\r\n\r\n",
  ])
  func `a bad head is refused at once, however it arrives`(_ head: String) throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let bytes = Array(head.utf8)
    for first in 0..<bytes.count {
      let client = try RawClient(port: server.port, timeout: 2)
      try client.send(Array(bytes[..<first]))
      // The second part has to come in a read of its own.
      if first > 0 { #expect(eventually { server.onLoop { $0.openConnections } == 1 }) }
      try client.send(Array(bytes[first...]))
      #expect(try client.readAnswer().status == 400, "split at \(first)")
      #expect(try client.isEnded())
      client.close()
      #expect(server.isAtRest())
    }
  }

  @Test func `HEAD is answered with the head that GET would have`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + get("/y"))
    let answer = try client.readAnswer(toHead: true)
    #expect(answer.fields["content-length"] == "8")
    #expect(try client.readAnswer().text == "GET /y ")
  }

  @Test func `a malformed request behind a HEAD gets its explanation`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n" + "bad\r\n\r\n")
    _ = try client.readAnswer(toHead: true)
    let answer = try client.readAnswer()
    #expect(answer.status == 400)
    #expect(answer.body.count > 0)
  }

  @Test func `HTTP 1 0 is answered and closed, or kept if it asks`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(try client.readAnswer().fields["connection"] == "keep-alive")
    try client.send("GET /b HTTP/1.0\r\n\r\n")
    let answer = try client.readAnswer()
    #expect(answer.text == "GET /b ")
    #expect(answer.fields["connection"] == "close")
    #expect(try client.isEnded())
  }

  @Test func `close ends the connection after its answer and leaves the rest unanswered`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(get("/a", "Connection: close\r\n") + get("/b"))
    #expect(try client.readAnswer().text == "GET /a ")
    #expect(try client.isEnded())
  }

  @Test func `a client that says no more still gets its answers`() throws {
    let server = try RunningServer { request, call in
      let target = request.target
      (call.exchange as! Connection).server.loop.schedule(after: .milliseconds(20)) {
        call.reply(Response(status: 200, text: target))
      }
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(get("/a") + get("/b"))
    client.endSending()
    #expect(try client.readAnswer().text == "/a\n")
    #expect(try client.readAnswer().text == "/b\n")
    #expect(try client.isEnded())
    #expect(server.isAtRest())
  }

  @Test(arguments: ["", "Connection: close\r\n"])
  func `a client that reads little at a time gets a large answer whole`(_ fields: String) throws {
    let body = (0..<(12 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let response = Response(status: 200, body: body)
    let server = try RunningServer { $1.reply(response) }
    defer { server.stop() }
    let client = try RawClient(port: server.port, receiveBuffer: 4096)
    try client.send(get("/", fields))
    // Nothing more to say: the end of the client's side must not end the answer.
    client.endSending()
    #expect(eventually { server.onLoop { $0.hasBacklog } })
    let answer = try client.readAnswer()
    #expect(answer.body == body)
    #expect(try client.isEnded())
    #expect(server.isAtRest())
  }

  @Test func `an answer with close is not cut while its client still reads`() throws {
    let body = [UInt8](repeating: 7, count: 12 << 20)
    let response = Response(status: 200, body: body)
    let server = try RunningServer { $1.reply(response) }
    defer { server.stop() }
    let client = try RawClient(port: server.port, receiveBuffer: 4096)
    try client.send(get("/", "Connection: close\r\n"))
    #expect(eventually { server.onLoop { $0.hasBacklog } })
    // Longer than the connection lingers once its answer is out.
    Thread.sleep(forTimeInterval: 2.6)
    #expect(try client.readAnswer().body == body)
    #expect(try client.isEnded())
  }

  @Test func `a client that does not take its answer is closed`() throws {
    var limits = HTTPLimits()
    limits.idleTimeout = .milliseconds(300)
    let response = Response(status: 200, body: [UInt8](repeating: 7, count: 12 << 20))
    let server = try RunningServer(limits: limits) { $1.reply(response) }
    defer { server.stop() }
    let client = try RawClient(port: server.port, receiveBuffer: 4096)
    try client.send(get("/"))
    #expect(server.isAtRest())
    client.close()
  }

  @Test func `a client that asks and does not read is not asked for more`() throws {
    let response = Response(status: 200, body: [UInt8](repeating: 7, count: 64 << 10))
    let server = try RunningServer { $1.reply(response) }
    defer { server.stop() }
    let client = try RawClient(port: server.port, receiveBuffer: 4096)
    let many = 4000
    let asking = Thread { [requests = String(repeating: get("/"), count: many)] in
      _ = try? client.send(requests)
    }
    asking.start()
    #expect(eventually { server.onLoop { $0.hasBacklog } })
    var most = 0
    for _ in 0..<many {
      #expect(try client.readAnswer().body.count == 64 << 10)
      most = max(most, server.onLoop { $0.largestBacklog })
    }
    #expect(most < 2 * Connection.maxBacklog)
  }

  @Test func `many large answers at once take no more memory than one at a time`() throws {
    // The requests arrive behind a large body, so that the buffer holds many of them.
    let response = Response(status: 200, body: [UInt8](repeating: 7, count: 64 << 10))
    let server = try RunningServer { $1.reply(response) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    let many = 2000
    let first = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
    let asking = Thread { [requests = String(repeating: get("/"), count: many)] in
      _ = try? client.send(first + String(repeating: "x", count: 1_000_000) + requests)
    }
    asking.start()
    for _ in 0...many { #expect(try client.readAnswer().body.count == 64 << 10) }
    #expect(server.onLoop { $0.scratch.capacity } <= 1 << 20)
  }

  @Test func `a stream of pipelined bodies does not make the buffer grow`() throws {
    let server = try RunningServer { request, call in
      call.reply(Response(status: 200, text: "\(request.body.count)"))
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    // Cut so that each read of the server ends inside a body.
    let one = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n".utf8)
    let body = [UInt8](repeating: 0x78, count: 3000)
    try client.send(one + body.prefix(1000))
    for _ in 0..<300 {
      try client.send(body.dropFirst(1000) + one + body.prefix(1000))
      #expect(try client.readAnswer().text == "3000\n")
    }
    #expect(server.onLoop { $0.largestInput } < 64 << 10)
  }

  // MARK: Bodies

  @Test func `a chunked upload is one body, and the next request follows`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    let head = "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let chunks = (0..<500).map {
      "\(String($0 % 16 + 1, radix: 16))\r\n"
        + String(repeating: "x", count: $0 % 16 + 1) + "\r\n"
    }
    let total = (0..<500).reduce(0) { $0 + $1 % 16 + 1 }
    try client.send(get("/before") + head)
    for chunk in chunks { try client.send(chunk) }
    try client.send("0\r\nX-Trailer: y\r\n\r\n" + get("/after"))
    #expect(try client.readAnswer().text == "GET /before ")
    #expect(try client.readAnswer().text == "POST /p " + String(repeating: "x", count: total))
    #expect(try client.readAnswer().text == "GET /after ")
    client.close()
    #expect(server.isAtRest())
  }

  @Test func `a body waits for 100 if the client does`() throws {
    let server = try RunningServer(handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    #expect(try client.readAnswer().status == 100)
    try client.send("abc")
    #expect(try client.readAnswer().text == "POST / abc")
    // Whoever has sent the body already needs no permission.
    try client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc")
    #expect(try client.readAnswer().status == 200)
  }

  @Test func `a body that will be refused is not asked for`() throws {
    var limits = HTTPLimits()
    limits.maxBodyBytes = 10
    let server = try RunningServer(limits: limits, handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
    #expect(try client.readAnswer().status == 413)
    #expect(try client.isEnded())
  }

  @Test(arguments: [
    "Content-Length: 20000001\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1312D01\r\n",
  ])
  func `a client that is still sending reads its 413`(_ rest: String) throws {
    var limits = HTTPLimits()
    limits.maxBodyBytes = 20_000_000
    let server = try RunningServer(limits: limits, handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("POST / HTTP/1.1\r\nHost: a\r\n" + rest)
    for _ in 0..<20 { try client.send([UInt8](repeating: 0x78, count: 100_000)) }
    #expect(try client.readAnswer().status == 413)
    client.endSending()
    #expect(try client.isEnded())
    #expect(server.isAtRest())
  }

  @Test func `bodies beyond the memory for all of them get a 503`() throws {
    var limits = HTTPLimits()
    limits.maxBufferedBytes = 3000
    let server = try RunningServer(limits: limits, handler: echo)
    defer { server.stop() }
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n"
    let first = try RawClient(port: server.port)
    try first.send(head)
    #expect(eventually { server.load.bufferedBytes.load(ordering: .relaxed) == 2000 })
    let second = try RawClient(port: server.port)
    try second.send(head)
    let refusal = try second.readAnswer()
    #expect(refusal.status == 503)
    #expect(refusal.fields["retry-after"] == "1")
    let third = try RawClient(port: server.port)
    try third.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    try third.send("7d0\r\n" + String(repeating: "x", count: 2000) + "\r\n")
    #expect(try third.readAnswer().status == 503)
    #expect(eventually { server.load.bufferedBytes.load(ordering: .relaxed) == 2000 })
    try first.send(String(repeating: "x", count: 2000))
    #expect(try first.readAnswer().status == 200)
    try first.send(head + String(repeating: "x", count: 2000))
    #expect(try first.readAnswer().status == 200)
    for client in [first, second, third] { client.close() }
    #expect(server.isAtRest())
  }

  @Test func `who is not admitted is told so before the body`() throws {
    let server = try RunningServer(
      admit: { $0.path == "/no" ? Response(status: 401) : nil }, handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(get("/yes"))
    #expect(try client.readAnswer().status == 200)
    try client.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
    #expect(try client.readAnswer().status == 401)
    #expect(try client.isEnded())
    #expect(server.isAtRest())
  }

  @Test func `a whole request that is not admitted does not end the connection`() throws {
    let server = try RunningServer(
      admit: { $0.path == "/no" ? Response(status: 429) : nil }, handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    // All of it at once: what is behind a refused request is not taken for its body.
    let refused = "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET "
    try client.send(refused + get("/a") + get("/no") + refused + get("/b"))
    for status in [429, 200, 429, 429, 200] {
      let answer = try client.readAnswer()
      #expect(answer.status == status && answer.fields["connection"] == nil)
    }
    try client.send(get("/c"))
    #expect(try client.readAnswer().text == "GET /c ")
    #expect(server.onLoop { $0.counters.refused } == 3)
    #expect(server.onLoop { $0.counters.accepted } == 1)
    client.close()
    #expect(server.isAtRest())
  }

  @Test(arguments: [
    "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc",
    "POST /no HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
    "GET /no HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET /no HTTP/1.0\r\n\r\n",
  ])
  func `a refusal ends the connection where the request's end is not here, or who asks wants it`(
    _ request: String
  ) throws {
    let server = try RunningServer(
      admit: { $0.path == "/no" ? Response(status: 403) : nil }, handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(request)
    let answer = try client.readAnswer()
    #expect(answer.status == 403 && answer.fields["connection"] == "close")
    #expect(try client.isEnded())
    client.close()
    #expect(server.isAtRest())
  }

  @Test func `what handlers hold after their deadline leaves less room for others`() throws {
    let late = Late()
    var limits = short()
    limits.bodyTimeout = .seconds(10)
    limits.maxBufferedBytes = 3000
    let server = try RunningServer(limits: limits) { request, call in
      if request.path == "/late" { late.keep(request, call) } else { echo(request, call) }
    }
    defer { server.stop() }
    func post(_ path: String) throws -> Int {
      let client = try RawClient(port: server.port)
      let body = String(repeating: "x", count: 2000)
      try client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n\(body)")
      return try client.readAnswer().status
    }
    #expect(try post("/late") == 504)
    #expect(try post("/") == 503)
    server.onLoop { _ in late.forget() }
    #expect(eventually { server.load.bufferedBytes.load(ordering: .relaxed) == 0 })
    #expect(try post("/") == 200)
  }

  // MARK: Time

  private func short() -> HTTPLimits {
    var limits = HTTPLimits()
    limits.headTimeout = .milliseconds(100)
    limits.bodyTimeout = .milliseconds(100)
    limits.requestTimeout = .milliseconds(100)
    limits.idleTimeout = .milliseconds(100)
    return limits
  }

  @Test(arguments: [
    "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
  ])
  func `a request that stops halfway gets a 408`(_ start: String) throws {
    let server = try RunningServer(limits: short(), handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(start)
    #expect(try client.readAnswer().status == 408)
    #expect(try client.isEnded())
    client.close()
    #expect(server.isAtRest())
  }

  @Test func `a head that trickles on is not given more time`() throws {
    let server = try RunningServer(limits: short(), handler: echo)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
    let trickle = Thread {
      while (try? client.send([0x78])) == true { Thread.sleep(forTimeInterval: 0.01) }
    }
    trickle.start()
    #expect(try client.readAnswer().status == 408)
  }

  @Test func `an idle connection is closed without a word`() throws {
    let server = try RunningServer(limits: short(), handler: echo)
    defer { server.stop() }
    #expect(try RawClient(port: server.port).isEnded())
    let client = try RawClient(port: server.port)
    try client.send(get("/"))
    _ = try client.readAnswer()
    #expect(try client.isEnded())
    #expect(server.isAtRest())
  }

  @Test func `a call past its deadline gets a 504, and the late answer no one`() throws {
    let late = Late()
    let server = try RunningServer(limits: short()) { request, call in
      late.keep(request, call)
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody" + get("/b"))
    #expect(try client.readAnswer().status == 504)
    // What the handler still reads stays what it was, whatever the client goes on sending.
    try client.send([UInt8](repeating: 0x21, count: 100_000))
    server.onLoop { _ in
      #expect(late.call?.isOpen == false)
      #expect(late.bodyInBuffer() == "body")
      late.call?.reply(Response(status: 200, text: "too late"))
    }
    #expect(try client.readToEnd() == [])
    // The connection has gone, but not what the handler holds of it.
    #expect(eventually { server.onLoop { $0.openConnections } == 0 })
    #expect(server.load.bufferedBytes.load(ordering: .relaxed) == 4)
    server.onLoop { _ in late.forget() }
    #expect(server.isAtRest())
  }

  @Test func `a client that goes away takes its call with it`() throws {
    let late = Late()
    let server = try RunningServer { request, call in late.keep(request, call) }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
    #expect(eventually { server.load.callsInFlight == 1 })
    client.reset()
    #expect(eventually { server.load.callsInFlight == 0 })
    server.onLoop { _ in
      #expect(late.call?.isOpen == false)
      #expect(late.bodyInBuffer() == "body")
      late.call?.reply(Response(status: 200, text: "to nobody"))
    }
    #expect(server.load.bufferedBytes.load(ordering: .relaxed) == 4)
    server.onLoop { _ in late.forget() }
    #expect(server.isAtRest())
  }

  @Test func `an answer given while the body is lent leaves the bytes where they are`() throws {
    let late = Late()
    let server = try RunningServer { request, call in
      if request.path == "/late" { late.keep(request, call) } else { echo(request, call) }
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    // The next request lies behind it: the answer would move it to the buffer's front.
    try client.send("POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody" + get("/b"))
    #expect(eventually { server.load.callsInFlight == 1 })
    let (before, after) = server.onLoop { _ in
      late.withBody { body in
        let before = body.string
        late.call?.reply(Response(status: 200, text: "answered"))
        return (before, body.string)
      }
    }
    #expect(before == "body" && after == "body")
    #expect(try client.readAnswer().text == "answered\n")
    #expect(try client.readAnswer().text == "GET /b ")
    client.close()
    server.onLoop { _ in late.forget() }
    #expect(server.isAtRest())
  }

  @Test func `only the first of two answers to a call counts`() throws {
    let server = try RunningServer { request, call in
      call.reply(Response(status: 200, text: "first"))
      call.reply(Response(status: 500, text: "second"))
      #expect(request.target == "")
      #expect(request.body == [])
      #expect(request.header("host") == nil)
    }
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    try client.send(get("/") + get("/"))
    #expect(try client.readAnswer().text == "first\n")
    #expect(try client.readAnswer().text == "first\n")
  }

  @Test func `a handler may answer the calls of other connections, which go on at once`() throws {
    // Each pair of calls is answered by the second; both connections have the next one waiting.
    let waiting = Waiting()
    let server = try RunningServer { request, call in
      let target = request.target
      if let other = waiting.take() {
        other.call.reply(Response(status: 200, text: other.target))
        call.reply(Response(status: 200, text: target))
      } else {
        waiting.put(call, target)
      }
    }
    defer { server.stop() }
    let clients = try (0..<2).map { _ in try RawClient(port: server.port) }
    for (name, client) in zip(["a", "b"], clients) {
      try client.send((0..<50).map { get("/\(name)\($0)") }.joined())
    }
    for (name, client) in zip(["a", "b"], clients) {
      for number in 0..<50 { #expect(try client.readAnswer().text == "/\(name)\(number)\n") }
      client.close()
    }
    #expect(server.isAtRest())
  }

  @Test func `no more connections than allowed are open, and the others get their turn`() throws {
    var limits = HTTPLimits()
    limits.maxConnections = 4
    let server = try RunningServer(limits: limits, handler: echo)
    defer { server.stop() }
    var clients = try (0..<12).map { _ in try RawClient(port: server.port) }
    for client in clients { try client.send(get("/")) }
    while !clients.isEmpty {
      #expect(server.onLoop { $0.openConnections } <= 4)
      let client = clients.removeFirst()
      #expect(try client.readAnswer().status == 200)
      client.close()
    }
    #expect(server.isAtRest())
  }
}

/// The last call, kept by a handler that does not answer.
private final class Late: @unchecked Sendable {
  var call: Call?
  private var place: (buffer: Bytes.Buffer, range: Range<Int>)?

  func keep(_ request: Request, _ call: Call) {
    place = request.bodyInPlace
    self.call = call
  }

  func forget() {
    call = nil
    place = nil
  }

  func withBody<R>(_ body: (Span<UInt8>) -> R) -> R {
    let (buffer, range) = place!
    return buffer.withSpan { body($0.extracting(range)) }
  }

  func bodyInBuffer() -> String? {
    place.map { place in place.buffer.withSpan { $0.string(place.range) } }
  }
}

private final class Waiting: @unchecked Sendable {
  private var waiting: (call: Call, target: String)?
  func put(_ call: Call, _ target: String) { waiting = (call, target) }
  func take() -> (call: Call, target: String)? {
    defer { waiting = nil }
    return waiting
  }
}
