// SPDX-License-Identifier: MIT
import CSystem
import EventLoop
import Glibc
import HTTPServer
import Synchronization

/// All workers of the process, for ending them together.
final class WorkerGroup: Sendable {
  private struct State {
    var drains: [@Sendable () -> Void] = []
    var isDraining = false
  }

  private let timeout: Duration
  private let end: @Sendable () -> Void
  private let state = Mutex(State())
  private let left: Atomic<Int>

  /// - Parameters:
  ///   - size: How many workers there are or will be.
  ///   - end: Called on the thread of the worker that was the last to be done. `_exit`, as `exit` would
  ///     take libraries down under the loops that still run.
  init(size: Int, timeout: Duration, end: @escaping @Sendable () -> Void = { _exit(0) }) {
    self.timeout = timeout
    self.end = end
    left = Atomic(size)
  }

  /// Adds a worker, on its own thread. One that joins late, when all are told to end, ends too.
  func join(_ worker: Worker, _ server: HTTPServer) {
    let member = LoopBound((worker, server), of: worker.loop)
    let handle = worker.loop.handle
    let drain: @Sendable () -> Void = { [self] in handle.post { self.drain(member) } }
    let isLate = state.withLock { state in
      state.drains.append(drain)
      return state.isDraining
    }
    if isLate { drain() }
  }

  /// Ends every worker's calls; the process exits when the last is done.
  func drainAll() {
    let drains = state.withLock { state in
      state.isDraining = true
      return state.drains
    }
    for drain in drains { drain() }
  }

  private func drain(_ member: LoopBound<(Worker, HTTPServer)>) {
    let (worker, server) = member.value
    server.drain(timeout: timeout, cutOff: OutcomeResponses.draining) { [self] in
      worker.callCounters.report(worker.log)
      worker.log.flush()
      guard left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
      worker.log.info("Stopped.")
      worker.log.flush()
      end()
    }
  }
}

/// SIGTERM and SIGINT as events of a loop: the first one drains, the second one ends the process.
final class SignalWatcher: ReadinessHandler {
  private let descriptor: Int32
  private let log: Log
  private let drain: () -> Void
  private var isDraining = false

  init(descriptor: Int32, log: Log, drain: @escaping () -> Void) {
    self.descriptor = descriptor
    self.log = log
    self.drain = drain
  }

  func watch(on loop: EventLoop) throws(SystemError) {
    _ = try loop.watch(descriptor, for: .readable, handler: self)
  }

  func ready(_ readiness: Readiness) {
    while pixel_next_signal(descriptor) != 0 {
      guard !isDraining else { _exit(1) }
      isDraining = true
      log.info("Stopping: open calls are finished first.")
      drain()
    }
  }
}

/// Makes a trap leave one structured line, which it would not do by itself in a stripped binary.
func reportCrashes(of service: String, _ version: String) {
  let line = Array(
    "{\"severity\":\"CRITICAL\",\"message\":\"The process crashed.\",\"service\":\"\(service)\",\"version\":\"\(version)\"}\n"
      .utf8)
  // The C side copies the bytes.
  unsafe line.withUnsafeBufferPointer { bytes in
    unsafe bytes.withMemoryRebound(to: CChar.self) {
      unsafe pixel_report_crashes($0.baseAddress, $0.count)
    }
  }
}
