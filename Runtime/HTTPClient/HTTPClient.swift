// SPDX-License-Identifier: MIT
import CCurl
import EventLoop

/// Outgoing HTTP/1.1 requests of one loop by libcurl, which keeps connections open between them.
///
/// libcurl is loaded by the first request, or aside by `warmUp`, so that a program listens before.
public final class HTTPClient {
  public typealias Completion = (Result<IncomingResponse, TransportError>) -> Void

  private let loop: EventLoop
  private let userAgent: String
  private let caFile: String?
  private let maxConnections: Int
  private var driver: CurlDriver?
  private var loadProblem: TransportError?
  /// While libcurl is loaded aside, what waits for it; else nil.
  private var waiting: [(request: OutgoingRequest, completion: Completion)]?

  /// - Parameters:
  ///   - caFile: Certificates of the authorities to trust, PEM; nil for the system's.
  ///   - maxConnections: Open connections at most; further requests wait for one.
  public init(
    loop: EventLoop, userAgent: String, caFile: String? = nil, maxConnections: Int = 64
  ) {
    self.loop = loop
    self.userAgent = userAgent
    self.caFile = caFile
    self.maxConnections = maxConnections
  }

  /// Begins to load libcurl, on another thread: Debian's brings thirty libraries. Requests wait for it, and the
  /// loop does not.
  public func warmUp() {
    guard driver == nil, loadProblem == nil, waiting == nil else { return }
    waiting = []
    // Not weak: that could not be read on another thread.
    let client = OnLoop(value: self)
    let isLoading = LoadNotice.load { [handle = loop.handle] in
      handle.post { client.value.loaded() }
    }
    if !isLoading { loaded() }
  }

  private func loaded() {
    let requests = waiting ?? []
    waiting = nil
    for (request, completion) in requests { send(request, completion) }
  }

  /// Sends a request. `completion` runs on the loop, later, exactly once.
  public func send(_ request: OutgoingRequest, _ completion: @escaping Completion) {
    guard waiting == nil else {
      waiting?.append((request, completion))
      return
    }
    guard let driver = open() else {
      let problem = loadProblem ?? TransportError("libcurl is not available")
      return loop.atTurnEnd { completion(.failure(problem)) }
    }
    driver.start(request, userAgent: userAgent, completion)
  }

  private func open() -> CurlDriver? {
    if let driver { return driver }
    guard loadProblem == nil else { return nil }
    do throws(TransportError) {
      driver = try CurlDriver(loop: loop, caFile: caFile, maxConnections: maxConnections)
    } catch {
      loadProblem = error
    }
    return driver
  }
}

/// Carries what is to be done once libcurl is loaded through the C side.
private final class LoadNotice: Sendable {
  private let done: @Sendable () -> Void
  private init(_ done: @escaping @Sendable () -> Void) { self.done = done }

  /// Loads libcurl on another thread, which then calls `done`; false if there is no thread to be had.
  static func load(_ done: @escaping @Sendable () -> Void) -> Bool {
    let notice = unsafe Unmanaged.passRetained(LoadNotice(done))
    let failed = unsafe pixel_curl_load_aside(
      { context in
        // The one reference that was retained for this call.
        guard let context = unsafe context else { return }
        unsafe Unmanaged<LoadNotice>.fromOpaque(context).takeRetainedValue().done()
      }, notice.toOpaque())
    if failed != 0 { unsafe notice.release() }
    return failed == 0
  }
}
