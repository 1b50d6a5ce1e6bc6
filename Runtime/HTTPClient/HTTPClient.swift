// SPDX-License-Identifier: MIT
import CCurl
import EventLoop

/// Outgoing HTTP/1.1 requests of one loop by libcurl, which keeps connections open between them.
///
/// libcurl is loaded by the first request or by `warmUp`, so that a program listens before.
public final class HTTPClient {
  private let loop: EventLoop
  private let userAgent: String
  private let caFile: String?
  private let maxConnections: Int
  /// Another resolver than the system's, for tests.
  var resolve: HostNames.Resolve?
  private var driver: CurlDriver?
  private var loadProblem: TransportError?

  /// - Parameters:
  ///   - loop: Sends the requests and gets the answers.
  ///   - userAgent: The field `User-Agent` of each request.
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

  /// Loads libcurl now.
  public func warmUp() { _ = open() }

  /// Sends a request. `completion` runs on the loop, later, exactly once.
  public func send(
    _ request: OutgoingRequest,
    _ completion: @escaping (Result<IncomingResponse, TransportError>) -> Void
  ) {
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
      driver = try CurlDriver(
        loop: loop, caFile: caFile, maxConnections: maxConnections, resolve: resolve)
    } catch {
      loadProblem = error
    }
    return driver
  }
}
