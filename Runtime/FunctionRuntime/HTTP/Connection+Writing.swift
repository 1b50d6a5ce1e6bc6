// SPDX-License-Identifier: MIT
import Bytes
import CSystem
import EventLoop
import Glibc

extension Connection {
  // MARK: Writing

  /// Where answers go: the loop's scratch while this connection has it, so that a connection owns
  /// output memory only when its client is slow.
  var output: Buffer {
    if let backlog { return backlog }
    if server.scratchOwner === self { return server.scratch }
    let fresh = Buffer(capacity: 1024)
    backlog = fresh
    return fresh
  }

  func write(_ response: Response, close: Bool) {
    server.date.refresh(now: server.loop.now)
    let output = output
    output.append(response.head.span)
    let date = server.date.line
    output.append(date.span)
    if close {
      output.append("Connection: close\r\n\r\n")
    } else {
      output.append(head.isVersion10 ? "Connection: keep-alive\r\n\r\n" : "\r\n")
    }
    if head.method != .head { output.append(response.body.span) }
  }

  /// Sends what has been written.
  func flush() {
    if server.scratchOwner === self {
      let scratch = server.scratch
      if scratch.count > 0, backlog == nil {
        let sent = send(scratch)
        if sent >= 0, sent < scratch.count {
          let rest = Buffer(capacity: scratch.count - sent)
          scratch.withSpan { rest.append($0.extracting(sent..<$0.count)) }
          backlog = rest
        }
      }
      server.returnScratch(self)
    }
    flushBacklog()
  }

  func flushBacklog() {
    if let waiting = backlog {
      let sent = send(waiting)
      guard sent >= 0 else { return }
      waiting.consume(sent)
      guard waiting.count == 0 else { return want(interest.union(.writable)) }
      backlog = nil
    }
    switch phase {
    case .lingering where closesAtOnce: close()
    case .lingering:
      _ = shutdown(descriptor, Int32(SHUT_WR))
      want(.readable)
    case .head, .body, .chunkedBody:
      want(.readable)
      if case .head = phase, start < input.count, searched == 0, !isProcessing { process() }
    case .calling: want(interest.subtracting(.writable))
    case .closed: break
    }
  }

  /// Bytes that the socket took; -1 if the connection broke, and then it is closed.
  private func send(_ buffer: Buffer) -> Int {
    let sent = unsafe buffer.withRawBytes { bytes in
      unsafe pixel_send(descriptor, bytes.baseAddress, bytes.count)
    }
    if sent >= 0 { return sent }
    if errno == EAGAIN || errno == EINTR { return 0 }
    close()
    return -1
  }

  func want(_ wanted: Readiness) {
    guard wanted != interest, let watch else { return }
    interest = wanted
    server.loop.rewatch(watch, for: wanted)
  }

  // MARK: Ending

  /// Throws away what a client sends behind its last request.
  func discard() {
    let received = unsafe server.trash.appendRaw(minimum: 16 * 1024) { free in
      unsafe recv(descriptor, free.baseAddress, free.count, 0)
    }
    server.trash.truncate(to: 0)
    if received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR) { close() }
  }

  func close() {
    switch phase {
    case .closed: return
    case .calling: release()
    default: release(wasCalled: false)
    }
    phase = .closed
    backlog = nil
    server.returnScratch(self)
    if let watch { server.loop.unwatch(watch) }
    watch = nil
    _ = Glibc.close(descriptor)
    server.closed(slot)
  }

  /// Looks at the time: the server calls it a few times a second.
  func checkDeadline(_ now: Instant) {
    guard now >= deadline else { return }
    switch phase {
    case .head where start < input.count:
      refuse(Response(status: 408, text: "The request head took too long."))
      flush()
    case .body, .chunkedBody:
      refuse(Response(status: 408, text: "The request body took too long."))
      flush()
    case .calling: abandonCall(server.deadlineResponse)
    case .head, .lingering: close()
    case .closed: break
    }
  }

  /// Begins to end: an idle connection closes, any other one after its answer.
  func drain() {
    guard isIdle else { return }
    read()  // what has arrived already is still served
    guard isIdle else { return }
    // A connection that was waiting to be accepted has a request on its way.
    if hasServed { close() } else { deadline = min(deadline, server.loop.now + .seconds(1)) }
  }

  var peerAddress: String {
    var text = [CChar](repeating: 0, count: 64)
    // The C side ends the text with a zero inside the array.
    return unsafe text.withUnsafeMutableBufferPointer { room in
      guard let start = room.baseAddress else { return "" }
      unsafe pixel_peer_address(descriptor, start, room.count)
      return unsafe String(cString: start)
    }
  }

  private var isIdle: Bool {
    if case .head = phase { return start == input.count && backlog == nil }
    return false
  }

  /// The time to drain is over.
  func cutOff(_ response: Response) {
    if case .calling = phase { abandonCall(response) }
    close()
  }
}

extension Response {
  static let contentTooLarge = Response(
    status: 413, text: "The body is larger than MAX_BODY_BYTES.")
  static let overloaded = Response(
    status: 503, text: "Too many bytes are being worked on; try again.",
    headers: [("Retry-After", "1")])
}

extension HeadError {
  var explanation: String {
    switch self {
    case .badRequest: "The request head is malformed or ambiguous."
    case .targetTooLong: "The request target is too long."
    case .expectationFailed: "Only 100-continue can be expected."
    case .headTooLarge: "The request head is too large."
    case .notImplemented: "The only transfer coding is chunked."
    case .versionNotSupported: "This server speaks HTTP/1.1."
    }
  }
}
