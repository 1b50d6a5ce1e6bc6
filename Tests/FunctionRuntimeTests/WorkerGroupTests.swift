// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPServer
import ServerSupport
import Testing

@testable import FunctionRuntime

@Suite struct WorkerGroupTests {
  private func worker() throws -> RunningFunction {
    try RunningFunction { _ in .http { $1.reply(Response(status: 200)) } }
  }

  @Test func `the end comes once, when the last worker is done`() throws {
    let workers = try (0..<3).map { _ in try worker() }
    let ended = DispatchSemaphore(value: 0)
    let group = WorkerGroup(size: 3, timeout: .seconds(5)) { ended.signal() }
    for worker in workers { worker.onLoop { group.join($0, worker.server) } }
    group.drainAll()
    #expect(ended.wait(timeout: .now() + 5) == .success)
    #expect(ended.wait(timeout: .now() + 0.05) == .timedOut)
    for worker in workers { worker.thread.stop() }
  }

  @Test func `a worker that starts after the end was asked for ends too`() throws {
    let (early, late) = (try worker(), try worker())
    let ended = DispatchSemaphore(value: 0)
    let group = WorkerGroup(size: 2, timeout: .seconds(5)) { ended.signal() }
    early.onLoop { group.join($0, early.server) }
    group.drainAll()
    #expect(ended.wait(timeout: .now() + 0.05) == .timedOut)
    late.onLoop { group.join($0, late.server) }
    #expect(ended.wait(timeout: .now() + 5) == .success)
    for worker in [early, late] { worker.thread.stop() }
  }
}
