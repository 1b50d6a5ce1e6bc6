// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPServer

/// An HTTP server on a free port of the loopback address, on its own thread.
public final class RunningServer: @unchecked Sendable {
  public let port: UInt16
  public let load = ProcessLoad()
  public let thread: LoopThread
  private let server: HTTPServer

  public init(
    limits: HTTPLimits = HTTPLimits(), admit: ((Request) -> Response?)? = nil,
    handler: @escaping (Request, Call) -> Void
  ) throws {
    let thread = try LoopThread()
    let load = load
    let made = thread.run { loop in
      let server = HTTPServer(loop: loop, limits: limits, load: load, handler: handler)
      server.admit = admit
      return Result { (server, try server.listen(host: "127.0.0.1", port: 0)) }
    }
    (server, port) = try made.get()
    self.thread = thread
  }

  /// Runs `body` with the server on its loop.
  public func onLoop<T>(_ body: @escaping (HTTPServer) -> T) -> T {
    let server = server
    return thread.run { _ in body(server) }
  }

  /// Begins to drain; the semaphore is signalled when the last connection has closed.
  public func drain(timeout: Duration, cutOff: Response = Response(status: 503))
    -> DispatchSemaphore
  {
    let done = DispatchSemaphore(value: 0)
    onLoop { $0.drain(timeout: timeout, cutOff: cutOff) { done.signal() } }
    return done
  }

  /// Closes everything at once and ends the thread.
  public func stop() {
    if !onLoop({ $0.isDraining }) { _ = drain(timeout: .zero).wait(timeout: .now() + 5) }
    thread.stop()
  }
}
