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
    if let backlog { return backlog.buffer }
    if server.scratchOwner === self { return server.scratch }
    let fresh = Buffer(capacity: 1024)
    backlog = Backlog(buffer: fresh)
    return fresh
  }

  /// Bytes of answers that have not been sent.
  var waitingBytes: Int {
    if let backlog { return backlog.count }
    return server.scratchOwner === self ? server.scratch.count : 0
  }

  func write(_ response: Response, close: Bool) {
    let output = output
    output.append(response.head.span)
    server.date.refresh(now: server.loop.now)
    let date = server.date.line
    output.append(date.span)
    if close {
      output.append("Connection: close\r\n\r\n")
    } else {
      output.append(head.isVersion10 ? "Connection: keep-alive\r\n\r\n" : "\r\n")
    }
    if head.method != .head { output.append(response.body.span) }
  }

  /// Sends the bytes that have been written, as far as the socket takes them.
  func send() {
    if server.scratchOwner === self {
      let scratch = server.scratch
      if backlog == nil, scratch.count > 0 {
        let sent = send(scratch, from: 0)
        if sent >= 0, sent < scratch.count {
          let rest = Buffer(capacity: scratch.count - sent)
          scratch.withSpan { rest.append($0.extracting(sent..<$0.count)) }
          backlog = Backlog(buffer: rest)
        }
      }
      server.returnScratch(self)
    }
    guard let waiting = backlog else { return }
    let sent = send(waiting.buffer, from: waiting.sent)
    guard sent > 0 else { return }
    backlog = waiting.after(sent)
    extendDeadline()
  }

  /// The socket takes bytes again.
  func writable() {
    guard backlog != nil else { return settle() }
    send()
    // Requests that waited for the client to read its answers go on.
    if backlog == nil { process() } else { settle() }
  }

  /// Decides which readiness to wait for next.
  func settle() {
    let waiting: Readiness = backlog == nil ? [] : .writable
    switch phase {
    case .closed: break
    case .head where server.isDraining && hasServed && isIdle: close()
    case .head, .body, .chunkedBody:
      want(waitingBytes > Self.maxBacklog ? waiting : waiting.union(.readable))
    // If something arrives the interest in it ends, and `settle` after the answer begins it again.
    case .calling: want(interest.intersection(.readable).union(waiting))
    case .lingering: linger(waiting)
    }
  }

  private func linger(_ waiting: Readiness) {
    guard backlog == nil else { return want(inputEnded ? waiting : waiting.union(.readable)) }
    guard !closesAtOnce, !inputEnded else { return close() }
    if !outputEnded {
      outputEnded = true
      _ = shutdown(descriptor, Int32(SHUT_WR))
      deadline = server.loop.now + .seconds(2)
    }
    want(.readable)
  }

  /// A client that takes its answer, slow as it may be, is not idle.
  private func extendDeadline() {
    switch phase {
    case .head where searched == 0: break
    case .lingering where !outputEnded: break
    default: return
    }
    deadline = server.loop.now.after(nanoseconds: server.timeouts.idle)
  }

  /// Bytes that the socket took; -1 if the connection broke, and then it is closed.
  private func send(_ buffer: Buffer, from start: Int) -> Int {
    let sent = unsafe buffer.withRawBytes { bytes in
      // In bounds: `start` is the number of bytes sent before, never more than the count.
      unsafe pixel_send(
        descriptor, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start)
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

  /// Throws away the bytes that a client sends behind its last request.
  func discard() {
    let received = unsafe server.trash.appendRaw(minimum: 16 * 1024) { free in
      unsafe recv(descriptor, free.baseAddress, free.count, 0)
    }
    server.trash.truncate(to: 0)
    if received < 0, errno != EAGAIN, errno != EINTR { return close() }
    if received == 0 {
      inputEnded = true
      settle()
    }
  }

  func close() {
    switch phase {
    case .closed: return
    case .calling:
      keepCounting()
      release()
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
    case .calling:
      abandonCall(server.deadlineResponse, because: .deadline)
    // The client does not even read the answers that it has.
    case .head where backlog != nil, .body where backlog != nil, .chunkedBody where backlog != nil:
      close()
    case .head where start < input.count:
      refuse(Response(status: 408, text: "The request head took too long."))
    case .body, .chunkedBody:
      refuse(Response(status: 408, text: "The request body took too long."))
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

  private var isIdle: Bool {
    if case .head = phase { return start == input.count && backlog == nil }
    return false
  }

  /// The time to drain is over.
  func cutOff(_ response: Response) {
    if case .calling = phase {
      abandonCall(response, because: .draining)
    }
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
