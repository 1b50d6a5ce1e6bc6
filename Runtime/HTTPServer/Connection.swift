// SPDX-License-Identifier: MIT
import Bytes
import CSystem
import EventLoop
import Glibc

/// One connection: reads requests, hands each to the server's handler, writes the answers in order.
///
/// One request at a time is worked on; requests pipelined behind it wait in the buffer or the kernel.
final class Connection: Exchange, ReadinessHandler {
  let server: HTTPServer
  let descriptor: Int32
  let slot: Int
  var watch: WatchToken?
  var interest: Readiness = .readable
  /// Where the current request begins, and where it ends once that is known.
  var start = 0
  private var requestEnd = 0
  /// How far an incomplete head has been searched for its end.
  var searched = 0
  private var chunks = ChunkedBody(start: 0)
  private var callBegan = Instant.distantFuture
  var isProcessing = false
  /// Bytes of the body that the process-wide bound counts.
  private var counted = 0
  /// Answer bytes that the socket did not take at once.
  var backlog: Backlog?
  var hasServed = false
  /// The client has said all it will say.
  var inputEnded = false
  /// After the last answer there is nothing to wait for.
  var closesAtOnce = false
  /// We have said all we will say.
  var outputEnded = false

  /// With more bytes of answers waiting for the client to read, it gets no further ones for now.
  static let maxBacklog = 256 * 1024
  /// A larger input buffer shrinks between two requests.
  private static let idleCapacity = 64 * 1024

  init(descriptor: Int32, slot: Int, server: HTTPServer) {
    self.descriptor = descriptor
    self.slot = slot
    self.server = server
    super.init()
    deadline = server.loop.now.after(nanoseconds: server.timeouts.idle)
  }

  override var peerAddress: String {
    var text = [CChar](repeating: 0, count: 64)
    // The C side ends the text with a zero inside the array.
    return unsafe text.withUnsafeMutableBufferPointer { room in
      guard let start = room.baseAddress else { return "" }
      unsafe pixel_peer_address(descriptor, start, room.count)
      return unsafe String(cString: start)
    }
  }

  func open() throws(SystemError) {
    watch = try server.loop.watch(descriptor, for: interest, handler: self)
  }

  // MARK: Reading

  func ready(_ readiness: Readiness) {
    if !readiness.isDisjoint(with: .failed) { return close() }
    if readiness.contains(.writable) { writable() }
    if readiness.contains(.readable) { read() }
  }

  func read() {
    switch phase {
    case .closed: return
    case .calling: return want(interest.subtracting(.readable))
    case .lingering: return discard()
    case .head, .body, .chunkedBody: break
    }
    let received = unsafe input.appendRaw(minimum: 2048) { free in
      unsafe recv(descriptor, free.baseAddress, free.count, 0)
    }
    if received > 0 { return process() }
    if received < 0 { return errno == EAGAIN || errno == EINTR ? () : close() }
    inputEnded = true
    guard backlog != nil else { return close() }
    // An answer is still on its way.
    release(wasCalled: false)
    finish(unread: false)
    settle()
  }

  /// Handles all complete requests in the buffer, and sends their answers.
  func process() {
    isProcessing = true
    var isFull: Bool
    repeat {
      server.borrowScratch(self)
      isFull = advance()
      dropHandled()
      send()
    } while isFull && backlog == nil
    isProcessing = false
    settle()
  }

  /// True if it stopped because enough answers are waiting to be sent.
  private func advance() -> Bool {
    while waitingBytes <= Self.maxBacklog {
      switch phase {
      case .head: guard readHead() else { return false }
      case .body(let length):
        guard input.count &- head.end >= length else { return false }
        body = head.end..<head.end &+ length
        requestEnd = body.upperBound
        call()
      case .chunkedBody: guard readChunks() else { return false }
      case .calling, .lingering, .closed: return false
      }
    }
    return true
  }

  /// Frees the room of requests that have been answered.
  private func dropHandled() {
    guard case .head = phase, start > 0 else { return }
    input.consume(start)
    searched = max(0, searched &- start)
    start = 0
    input.shrink(above: Self.idleCapacity, to: 4096)
  }

  /// Takes the next head from the buffer. False if it is not complete yet.
  private func readHead() -> Bool {
    guard start < input.count else { return false }
    if searched > start, !headMayBeComplete() { return false }
    do throws(HeadError) {
      guard try parseHead() else {
        if searched <= start { deadline = server.loop.now.after(nanoseconds: server.timeouts.head) }
        searched = input.count
        return false
      }
      if start > 0, isBodyIncomplete {
        // The buffer has to grow now. A client that always sends part of a body behind a request would
        // else make it grow for ever.
        dropHandled()
        _ = try parseHead()
      }
    } catch {
      refuse(Response(status: error.rawValue, text: error.explanation))
      return false
    }
    searched = 0
    deadline = server.loop.now.after(nanoseconds: server.timeouts.body)
    beginBody()
    return true
  }

  private func parseHead() throws(HeadError) -> Bool {
    // Taken out meanwhile: a property that is lent out anywhere is checked at run time everywhere.
    var parsed = RequestHead(standIn: ())
    swap(&parsed, &head)
    defer { swap(&parsed, &head) }
    return try input.withSpan { bytes throws(HeadError) in
      try server.headParser.parse(bytes, from: start, into: &parsed)
    }
  }

  private var isBodyIncomplete: Bool {
    head.isChunked || input.count &- head.end < head.contentLength ?? 0
  }

  /// Whether an empty line or a bare line feed has arrived since the last look, or enough bytes to make the
  /// head too large. So a head that trickles in is not parsed from its start each time.
  private func headMayBeComplete() -> Bool {
    let from = max(start, searched &- 3)
    defer { searched = input.count }
    if input.count &- start >= server.headParser.maxHeadBytes { return true }
    return input.withSpan { bytes in
      for index in from..<bytes.count where bytes[index] == 0x0A {
        guard index > start, bytes[index &- 1] == 0x0D else { return true }
        if index &- 2 > start, bytes[index &- 2] == 0x0A, bytes[index &- 3] == 0x0D { return true }
      }
      return false
    }
  }

  private func beginBody() {
    let length = head.contentLength ?? 0
    requestEnd = head.end
    guard length <= server.limits.maxBodyBytes else {
      return refuse(.contentTooLarge)
    }
    body = 0..<0
    callNumber &+= 1
    isUndecided = false
    phase = .calling  // so that the request can be looked at
    let refusal = server.refusal(of: Request(exchange: self, call: callNumber))
    phase = .head
    if let refusal { return isBodyIncomplete ? refuse(refusal) : decline(refusal, length) }
    guard count(length) else { return refuse(.overloaded) }

    if isBodyIncomplete {
      input.reserve(head.end &+ length &- input.count &+ 2048)
      if head.expectsContinue { output.append("HTTP/1.1 100 Continue\r\n\r\n") }
    }
    if head.isChunked {
      chunks = ChunkedBody(start: head.end)
      phase = .chunkedBody
    } else {
      phase = .body(length: length)
    }
  }

  private func readChunks() -> Bool {
    do throws(ChunkError) {
      let progress = try chunks.advance(input, limit: server.limits.maxBodyBytes)
      guard count(chunks.body.count) else {
        refuse(.overloaded)
        return false
      }
      guard progress == .complete else { return false }
    } catch {
      switch error {
      case .malformed: refuse(Response(status: 400, text: "The chunked body is malformed."))
      case .tooLarge: refuse(.contentTooLarge)
      }
      return false
    }
    body = chunks.body
    requestEnd = chunks.cursor
    call()
    return true
  }

  /// Counts the body in the process-wide bound. False if there is no room for it.
  private func count(_ bytes: Int) -> Bool {
    let more = bytes &- counted
    guard more > 0 else { return true }
    let before = server.load.bufferedBytes.add(more, ordering: .relaxed).oldValue
    counted = bytes
    return before <= server.limits.maxBufferedBytes &- more
  }

  // MARK: Calling

  private func call() {
    phase = .calling
    callBegan = server.loop.now
    deadline = server.loop.now.after(nanoseconds: server.timeouts.request)
    _ = server.load.inFlight.add(1, ordering: .relaxed)
    server.handler(
      Request(exchange: self, call: callNumber), Call(exchange: self, number: callNumber))
  }

  override func reply(_ number: UInt64, _ response: Response, note: AnyObject?) {
    guard isOpen(number) else { return }
    server.observing?.answered(
      Request(exchange: self, call: callNumber), response, began: callBegan, note: note)
    answer(response, close: !head.keepAlive || server.isDraining)
  }

  /// Answers for a handler that did not: at its deadline, or when the process ends. The connection
  /// closes and the buffer stays as it is, since the handler may still be reading it.
  func abandonCall(_ response: Response, because why: Abandonment) {
    server.observing?.abandoned(
      Request(exchange: self, call: callNumber), response, began: callBegan, because: why,
      subject: subject)
    keepCounting()
    answer(response, close: true, keepBuffer: true)
  }

  private func answer(_ response: Response, close: Bool, keepBuffer: Bool = false) {
    release()
    hasServed = true
    callNumber &+= 1
    if !isProcessing { server.borrowScratch(self) }
    write(response, close: close)
    if close {
      finish(unread: keepBuffer || requestEnd < input.count)
    } else {
      start = requestEnd
      phase = .head
      deadline = server.loop.now.after(nanoseconds: server.timeouts.idle)
    }
    if !isProcessing { goOn() }
  }

  /// Goes on after an answer that came later than its call.
  ///
  /// The function that answers is still running, perhaps in the middle of its own state and with the
  /// request's bytes lent to it. So the handler is not called for a pipelined request before that function
  /// has returned, and the bytes stay where they are.
  private func goOn() {
    guard case .head = phase,
      input.isLent || start < input.count || input.capacity > Self.idleCapacity
    else { return process() }
    send()
    server.loop.atTurnEnd { [self] in process() }
  }

  /// Answers a request that is not worked on although it is whole. Its end is known, so the next one can
  /// follow (RFC 9112 §9.3); with a body still on its way, that body would have to be read and thrown away.
  private func decline(_ response: Response, _ length: Int) {
    let close = !head.keepAlive || server.isDraining
    server.counters.refused += 1
    hasServed = true
    requestEnd = head.end &+ length
    write(response, close: close)
    guard !close else { return finish(unread: requestEnd < input.count) }
    start = requestEnd
    deadline = server.loop.now.after(nanoseconds: server.timeouts.idle)
  }

  /// Answers a request that is not worked on, and closes.
  func refuse(_ response: Response) {
    release(wasCalled: false)
    server.counters.refused += 1
    if !isProcessing { server.borrowScratch(self) }
    write(response, close: true)
    finish(unread: true)
    if !isProcessing { process() }
  }

  /// The handler may go on reading the buffer of an abandoned call: its bytes are counted until the last
  /// reference to it is gone.
  func keepCounting() {
    guard counted > 0 else { return }
    input.keep(CountedBytes(counted, in: server.load))
    counted = 0
  }

  func release(wasCalled: Bool = true) {
    if counted > 0 { _ = server.load.bufferedBytes.subtract(counted, ordering: .relaxed) }
    counted = 0
    guard wasCalled else { return }
    _ = server.load.inFlight.subtract(1, ordering: .relaxed)
    subject = nil
  }

  /// No further request. With unread bytes an immediate close would reset the connection and could
  /// destroy the answer on its way, so those are read and thrown away for a while.
  private func finish(unread: Bool) {
    phase = .lingering
    deadline = server.loop.now.after(nanoseconds: server.timeouts.idle)
    // A call that was going on when bytes or the end came has left them to be read.
    closesAtOnce = !unread && (inputEnded || interest.contains(.readable))
  }
}
