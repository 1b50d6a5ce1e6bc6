// SPDX-License-Identifier: MIT
import Bytes
import CSystem
import EventLoop
import Glibc

/// HTTP/1.1 on one loop: accepts connections and hands each request to one handler.
public final class HTTPServer: ReadinessHandler {
  public let loop: EventLoop
  let limits: HTTPLimits
  let timeouts: Timeouts
  let load: ProcessLoad
  let handler: (Request, Call) -> Void
  /// Looks at a head before its body is read; an answer refuses the request and closes the connection.
  public var admit: ((Request) -> Response?)? {
    get { admission }
    set { admission = newValue }
  }
  // Private, since each call looks at it: a property that other files can reach is checked for overlapping
  // access each time.
  private var admission: ((Request) -> Response?)?
  /// Is told of every call that was answered.
  public var observer: (any CallObserver)? {
    get { observing }
    set { observing = newValue }
  }
  // As for `admission`: not what others can reach.
  private(set) final var observing: (any CallObserver)?
  /// The answer to a call whose handler took too long.
  public var deadlineResponse = Response(status: 504, text: "The call took too long.")
  private var hasBegunDraining = false
  public var isDraining: Bool { hasBegunDraining }
  public var counters = Counters()

  let headParser = RequestHeadParser()
  let date = HTTPDate()
  /// Lent to one connection at a time for the answers that it writes in one go.
  let scratch = Buffer(capacity: 64 * 1024)
  private(set) var scratchOwner: Connection?
  /// Takes bytes that are read only to be thrown away.
  let trash = Buffer(capacity: 16 * 1024)

  private var listener: Int32 = -1
  private var listenerToken: WatchToken?
  private(set) var connections: [Connection?] = []
  private var freeSlots: [Int] = []
  private var connectionCount = 0
  private var sweeping = false
  private var drained: (() -> Void)?

  /// The numbers of connections and requests since the start.
  public struct Counters: Sendable {
    public var accepted = 0
    public var closed = 0
    /// Answered without a call: malformed, too large, too slow, not admitted.
    public var refused = 0
  }

  /// The limits' times, in nanoseconds.
  struct Timeouts {
    let head, body, request, idle: Int64

    init(_ limits: HTTPLimits) {
      head = limits.headTimeout.nanoseconds
      body = limits.bodyTimeout.nanoseconds
      request = limits.requestTimeout.nanoseconds
      idle = limits.idleTimeout.nanoseconds
    }
  }

  public init(
    loop: EventLoop, limits: HTTPLimits = HTTPLimits(), load: ProcessLoad = ProcessLoad(),
    handler: @escaping (Request, Call) -> Void
  ) {
    self.loop = loop
    self.limits = limits
    timeouts = Timeouts(limits)
    self.load = load
    self.handler = handler
  }

  /// Listens on `host`, an address, and `port`; 0 picks a free one. With `shared` several loops may
  /// listen on the same port. Gives the port.
  @discardableResult
  public func listen(host: String, port: UInt16, shared: Bool = false) throws(SystemError) -> UInt16
  {
    listener = unsafe pixel_listen(host, port, shared ? 1 : 0, 4096)
    if listener < 0 { throw SystemError("listen on \(host):\(port)") }
    listenerToken = try loop.watch(listener, for: .readable, handler: self)
    return pixel_local_port(listener)
  }

  // MARK: Connections

  public func ready(_ readiness: Readiness) { accept(atMost: 64) }

  /// True once no connection is waiting.
  @discardableResult
  private func accept(atMost limit: Int) -> Bool {
    for _ in 0..<limit {
      guard connectionCount < limits.maxConnections else {
        pauseListening()
        return false
      }
      let descriptor = pixel_accept(listener)
      guard descriptor >= 0 else {
        // A client that has gone before it was accepted says nothing about those behind it.
        if errno == ECONNABORTED || errno == EINTR { continue }
        if errno != EAGAIN { pauseListening() }
        return true
      }
      open(descriptor)
    }
    return false
  }

  private func open(_ descriptor: Int32) {
    counters.accepted += 1
    connectionCount += 1
    let slot = freeSlots.popLast() ?? connections.count
    if slot == connections.count { connections.append(nil) }
    let connection = Connection(descriptor: descriptor, slot: slot, server: self)
    connections[slot] = connection
    do { try connection.open() } catch { return connection.close() }
    if !sweeping { sweep() }
    // The request has usually arrived with the connection.
    connection.ready(.readable)
  }

  func refusal(of request: Request) -> Response? { admission?(request) }

  func closed(_ slot: Int) {
    connections[slot] = nil
    freeSlots.append(slot)
    connectionCount -= 1
    counters.closed += 1
    if connectionCount == 0 { finishDrainIfEmpty() }
  }

  /// New connections wait in the kernel's queue until there is room again.
  private func pauseListening() {
    guard let token = listenerToken else { return }
    loop.rewatch(token, for: [])
    loop.schedule(after: .milliseconds(100)) { [weak self] in
      guard let self, let token = self.listenerToken else { return }
      self.loop.rewatch(token, for: .readable)
    }
  }

  /// Four times a second, while there are connections, each looks at its deadline.
  private func sweep() {
    sweeping = connectionCount > 0
    guard sweeping else { return }
    loop.schedule(after: .milliseconds(250)) { [weak self] in
      guard let self else { return }
      for connection in self.connections { connection?.checkDeadline(self.loop.now) }
      self.sweep()
    }
  }

  func borrowScratch(_ connection: Connection) {
    if scratchOwner == nil { scratchOwner = connection }
  }

  func returnScratch(_ connection: Connection) {
    guard scratchOwner === connection else { return }
    scratchOwner = nil
    scratch.truncate(to: 0)
    scratch.shrink(above: 1024 * 1024, to: 64 * 1024)
  }

  // MARK: Ending

  /// Accepts what is waiting, stops listening, and lets every call end. After `timeout` those still open
  /// are answered with `cutOff`. `done` runs when the last connection has closed.
  public func drain(
    timeout: Duration, cutOff: Response, done: @escaping () -> Void
  ) {
    guard !isDraining else { return }
    hasBegunDraining = true
    while listener >= 0, connectionCount < limits.maxConnections, !accept(atMost: 64) {}
    if let token = listenerToken { loop.unwatch(token) }
    listenerToken = nil
    if listener >= 0 { close(listener) }
    listener = -1
    drained = done
    for connection in connections { connection?.drain() }
    loop.schedule(after: timeout) { [weak self] in
      for connection in self?.connections ?? [] { connection?.cutOff(cutOff) }
    }
    if connectionCount == 0 { finishDrainIfEmpty() }
  }

  private func finishDrainIfEmpty() {
    guard isDraining, connectionCount == 0, let done = drained else { return }
    drained = nil
    done()
  }
}
