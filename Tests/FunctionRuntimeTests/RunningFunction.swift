// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPServer
import ServerSupport
import Settings

@testable import FunctionRuntime

/// One worker with a function, as a service has it, on a free port.
final class RunningFunction: @unchecked Sendable {
  let thread: LoopThread
  let load = ProcessLoad()
  let port: UInt16
  let worker: Worker
  let server: HTTPServer

  init(
    environment: [String: String] = [:], level: Severity = .critical,
    start: @escaping (Worker) -> Function
  ) throws {
    let thread = try LoopThread()
    let load = load
    var reader = SettingsReader(environment: environment)
    let settings = RuntimeSettings(&reader)
    let made = thread.run { loop in
      let log = Log(loop: loop, format: .json, level: level, service: "test", version: "0")
      let worker = Worker(
        index: 0, loop: loop, log: log, settings: settings, load: load, userAgent: "test")
      let server = HTTPServer(worker, start(worker))
      return Result { (worker, server, try server.listen(host: "127.0.0.1", port: 0)) }
    }
    (worker, server, port) = try made.get()
    self.thread = thread
  }

  func onLoop<T>(_ body: @escaping (Worker) -> T) -> T {
    let worker = worker
    return thread.run { _ in body(worker) }
  }

  func stop() {
    let done = DispatchSemaphore(value: 0)
    thread.run { [server] _ in
      server.drain(timeout: .zero, cutOff: OutcomeResponses.draining) { done.signal() }
    }
    _ = done.wait(timeout: .now() + 5)
    thread.stop()
  }
}
