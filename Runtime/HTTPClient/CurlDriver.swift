// SPDX-License-Identifier: MIT
import CCurl
import EventLoop

/// libcurl's multi handle between its two callers: requests on one side, the event loop on the other.
///
/// The C side holds an unretained pointer to this object and is closed by its `deinit`.
@safe final class CurlDriver {
  typealias Completion = (Result<IncomingResponse, TransportError>) -> Void

  private let loop: EventLoop
  private var curl: OpaquePointer?
  /// When libcurl wants to be called; nil if it does not.
  private var due: Instant?
  /// When the next timer looks whether it is time. libcurl changes its mind with each request.
  private var nextLook = Instant.distantFuture
  private var watches: [Int32: (token: WatchToken, socket: CurlSocket)] = [:]
  private var completions: [UInt64: UnderWay] = [:]
  private var nextID: UInt64 = 0
  private let names: HostNames

  private struct UnderWay {
    let completion: Completion
    /// The name that it goes to; nil for an address.
    let host: HostName?
    /// The number of the news about that name which it has brought to libcurl; 0 for none.
    let news: Int
  }

  init(
    loop: EventLoop, caFile: String?, maxConnections: Int, resolve: HostNames.Resolve?
  ) throws(TransportError) {
    self.loop = loop
    names = HostNames(loop: loop, resolve: resolve)
    if let problem = unsafe pixel_curl_load() {
      throw unsafe TransportError("libcurl can't be loaded: \(String(cString: problem))")
    }
    let hooks = unsafe pixel_curl_loop(
      context: Unmanaged.passUnretained(self).toOpaque(),
      watch: { context, descriptor, conditions in
        unsafe CurlDriver.from(context)?.watch(descriptor, conditions)
      },
      timer: { context, milliseconds in
        unsafe CurlDriver.from(context)?.setTimer(milliseconds)
      },
      done: { context, id, problem, status, head, headCount, body, bodyCount in
        // The bytes are lent for this call; both arrays copy them.
        let head = unsafe [UInt8](UnsafeBufferPointer(start: head, count: headCount))
        let body = unsafe [UInt8](UnsafeBufferPointer(start: body, count: bodyCount))
        let problem = unsafe problem.map { unsafe String(cString: $0) }
        unsafe CurlDriver.from(context)?.finish(
          id, problem, IncomingResponse(status: status, head: head, body: body))
      })
    unsafe curl = pixel_curl_open(hooks, caFile, maxConnections)
    if unsafe curl == nil { throw TransportError("libcurl could not be set up") }
  }

  deinit {
    names.close()
    if let curl = unsafe curl { unsafe pixel_curl_close(curl) }
    let abandoned = completions
    guard !abandoned.isEmpty else { return }
    loop.atTurnEnd {
      for request in abandoned.values {
        request.completion(.failure(TransportError("the client was closed")))
      }
    }
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> CurlDriver? {
    unsafe context.map { unsafe Unmanaged<CurlDriver>.fromOpaque($0).takeUnretainedValue() }
  }

  func start(_ request: OutgoingRequest, userAgent: String, _ completion: @escaping Completion) {
    guard let host = names.name(in: request.url) else {
      return begin(request, userAgent, nil, completion)
    }
    switch names.use(host) {
    case .now: begin(request, userAgent, host, completion)
    case .failed(let why): loop.atTurnEnd { completion(.failure(TransportError(why))) }
    case .wait:
      let began = loop.now
      names.wait(for: host, atMost: min(request.connectTimeout, request.timeout)) {
        [weak self] result in
        if case .failure(let error) = result { return completion(.failure(error)) }
        self?.begin(request.after(.read() - began), userAgent, host, completion)
      }
    }
  }

  private func begin(
    _ request: OutgoingRequest, _ userAgent: String, _ host: HostName?,
    _ completion: @escaping Completion
  ) {
    nextID &+= 1
    let id = nextID
    let fields = (request.headers + ["User-Agent: \(userAgent)"]).joined(separator: "\n")
    let news = host?.news
    // Everything is copied by the C side before these closures end.
    let started = unsafe request.body.withUnsafeBufferPointer { body in
      unsafe request.method.withCString { method in
        unsafe request.url.withCString { url in
          unsafe fields.withCString { fields in
            unsafe (news?.line ?? "").withCString { resolve in
              var description = unsafe pixel_curl_request(
                id: id, method: method, url: url, fields: fields, resolve: resolve,
                body: body.baseAddress, body_count: body.count,
                connect_timeout_ms: Int(request.connectTimeout.milliseconds),
                timeout_ms: Int(request.timeout.milliseconds), max_answer: request.maxAnswer)
              return unsafe pixel_curl_send(curl, &description)
            }
          }
        }
      }
    }
    guard started == 0 else {
      return loop.atTurnEnd { completion(.failure(TransportError("the request can't be started"))) }
    }
    completions[id] = UnderWay(completion: completion, host: host, news: news?.version ?? 0)
  }

  // MARK: What libcurl asks for

  private func watch(_ descriptor: Int32, _ conditions: Int32) {
    if conditions & Int32(PIXEL_CURL_GONE) != 0 {
      if let watch = watches.removeValue(forKey: descriptor) { loop.unwatch(watch.token) }
      return
    }
    var interest: Readiness = []
    if conditions & Int32(PIXEL_CURL_IN) != 0 { interest.insert(.readable) }
    if conditions & Int32(PIXEL_CURL_OUT) != 0 { interest.insert(.writable) }
    if let watch = watches[descriptor] { return loop.rewatch(watch.token, for: interest) }
    let socket = CurlSocket(descriptor: descriptor, driver: self)
    // If the kernel refuses, libcurl's timeout ends the request.
    guard let token = try? loop.watch(descriptor, for: interest, handler: socket) else { return }
    watches[descriptor] = (token, socket)
  }

  private func setTimer(_ milliseconds: Int) {
    guard milliseconds >= 0 else {
      due = nil
      return
    }
    let time = Instant.read() + .milliseconds(milliseconds)
    due = time
    lookAgain(at: time)
  }

  private func lookAgain(at time: Instant) {
    guard time < nextLook else { return }
    nextLook = time
    loop.schedule(at: time) { [weak self] in self?.look(at: time) }
  }

  private func look(at time: Instant) {
    if nextLook == time { nextLook = .distantFuture }
    guard let due else { return }
    guard due <= loop.now else { return lookAgain(at: due) }
    self.due = nil
    act(-1, 0)
  }

  private func finish(_ id: UInt64, _ problem: String?, _ response: IncomingResponse) {
    guard let ended = completions.removeValue(forKey: id) else { return }
    if let host = ended.host {
      if ended.news > 0 { host.state.heard(ended.news) }
      if problem != nil { names.doubt(host) }
    }
    if let problem {
      ended.completion(.failure(TransportError(problem)))
    } else {
      ended.completion(.success(response))
    }
  }

  func act(_ descriptor: Int32, _ conditions: Int32) {
    if let curl = unsafe curl { unsafe pixel_curl_ready(curl, descriptor, conditions) }
  }
}

/// One of libcurl's sockets on the loop.
final class CurlSocket: ReadinessHandler {
  private let descriptor: Int32
  private weak var driver: CurlDriver?

  init(descriptor: Int32, driver: CurlDriver) {
    self.descriptor = descriptor
    self.driver = driver
  }

  func ready(_ readiness: Readiness) {
    var conditions: Int32 = 0
    if readiness.contains(.readable) { conditions |= Int32(PIXEL_CURL_IN) }
    if readiness.contains(.writable) { conditions |= Int32(PIXEL_CURL_OUT) }
    if !readiness.isDisjoint(with: .failed) { conditions |= Int32(PIXEL_CURL_ERROR) }
    driver?.act(descriptor, conditions)
  }
}
