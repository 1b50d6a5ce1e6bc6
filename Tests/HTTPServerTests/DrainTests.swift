// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import ServerSupport
import Testing

@testable import HTTPServer

@Suite struct DrainTests {
  private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// Calls that a handler keeps open, all used on the loop only.
  private final class OpenCalls: @unchecked Sendable {
    private var calls: [Call] = []
    func add(_ call: Call) { calls.append(call) }
    func replyToAll() {
      for call in calls { call.reply(Response(status: 200, text: "done")) }
    }
  }

  @Test func `every open call gets its answer`() throws {
    let open = OpenCalls()
    let server = try RunningServer { open.add($1) }
    let clients = try (0..<200).map { _ in try RawClient(port: server.port) }
    for client in clients { try client.send(request) }
    #expect(eventually { server.load.callsInFlight == 200 })
    let done = server.drain(timeout: .seconds(20))
    #expect(throws: RawClient.Failure.self) { try RawClient(port: server.port) }
    #expect(done.wait(timeout: .now() + 0.05) == .timedOut)
    server.onLoop { _ in open.replyToAll() }
    for client in clients {
      let answer = try client.readAnswer()
      #expect(answer.status == 200)
      #expect(answer.fields["connection"] == "close")
      #expect(try client.isEnded())
    }
    #expect(done.wait(timeout: .now() + 5) == .success)
    #expect(server.isAtRest())
    server.thread.stop()
  }

  @Test func `an idle connection is closed at once`() throws {
    let server = try RunningServer(handler: echo)
    let client = try RawClient(port: server.port)
    try client.send(request)
    _ = try client.readAnswer()
    let done = server.drain(timeout: .seconds(20))
    #expect(try client.isEnded())
    #expect(done.wait(timeout: .now() + 5) == .success)
    server.thread.stop()
  }

  @Test func `whoever connected before the drain is still served`() throws {
    let server = try RunningServer(handler: echo)
    // The loop is busy while the clients connect, so that they wait in the kernel's queue.
    let busy = DispatchSemaphore(value: 0)
    server.thread.handle.post { busy.wait() }
    let clients = try (0..<100).map { _ in try RawClient(port: server.port) }
    for client in clients { try client.send(request) }
    let slow = try RawClient(port: server.port)
    let done = DispatchSemaphore(value: 0)
    let drain = Thread {
      let drained = server.drain(timeout: .seconds(20))
      drained.wait()
      done.signal()
    }
    drain.start()
    busy.signal()
    for client in clients { #expect(try client.readAnswer().status == 200) }
    // The one that had connected without a request has a moment to send it.
    try slow.send(request)
    #expect(try slow.readAnswer().status == 200)
    for client in clients { client.close() }
    #expect(done.wait(timeout: .now() + 5) == .success)
    server.thread.stop()
  }

  @Test func `a connection that never says anything does not hold the drain up`() throws {
    let server = try RunningServer(handler: echo)
    let silent = try RawClient(port: server.port)
    #expect(eventually { server.onLoop { $0.openConnections } == 1 })
    let done = server.drain(timeout: .seconds(60))
    #expect(done.wait(timeout: .now() + 5) == .success)
    #expect(try silent.isEnded())
    server.thread.stop()
  }

  @Test func `a body that is still coming is taken and answered`() throws {
    let server = try RunningServer(handler: echo)
    let client = try RawClient(port: server.port)
    try client.send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo")
    #expect(eventually { server.load.bufferedBytes.load(ordering: .relaxed) == 4 })
    let done = server.drain(timeout: .seconds(20))
    try client.send("dy")
    #expect(try client.readAnswer().text == "POST /p body")
    #expect(done.wait(timeout: .now() + 5) == .success)
    server.thread.stop()
  }

  @Test func `an answer that is being read is sent to its end, then the connection closes`() throws
  {
    let response = Response(status: 200, body: [UInt8](repeating: 7, count: 12 << 20))
    let server = try RunningServer { $1.reply(response) }
    let client = try RawClient(port: server.port, receiveBuffer: 4096)
    try client.send(request)
    #expect(eventually { server.onLoop { $0.hasBacklog } })
    let done = server.drain(timeout: .seconds(60))
    #expect(try client.readAnswer().body.count == 12 << 20)
    #expect(done.wait(timeout: .now() + 5) == .success)
    server.thread.stop()
  }

  @Test func `what is open when the time is over is cut off with an answer`() throws {
    let open = OpenCalls()
    let server = try RunningServer { open.add($1) }
    let client = try RawClient(port: server.port)
    try client.send(request)
    let half = try RawClient(port: server.port)
    try half.send("GET / HT")
    #expect(
      eventually { server.load.callsInFlight == 1 && server.onLoop { $0.openConnections } == 2 })
    let done = server.drain(timeout: .milliseconds(50), cutOff: Response(status: 503))
    #expect(done.wait(timeout: .now() + 5) == .success)
    #expect(try client.readAnswer().status == 503)
    #expect(try half.readToEnd() == [])
    server.onLoop { _ in open.replyToAll() }  // too late for anybody
    #expect(server.isAtRest())
    server.thread.stop()
  }
}
