// SPDX-License-Identifier: MIT
import EventLoop
import Foundation

/// An event loop on a thread of its own, for servers and clients of a test.
final class LoopThread: Sendable {
  private let handle: EventLoop.Handle
  private let loop: OnLoop<EventLoop>

  init() {
    let made = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var box: EventLoop?
    Thread.detachNewThread {
      let loop = try! EventLoop()
      box = loop
      made.signal()
      loop.run()
    }
    made.wait()
    loop = OnLoop(value: box!)
    handle = box!.handle
  }

  /// Runs `body` on the loop and waits for what it returns.
  func run<Value>(_ body: @escaping (EventLoop) -> Value) -> Value {
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var value: Value?
    let work = OnLoop(value: body)
    handle.post { [self] in
      value = work.value(loop.value)
      done.signal()
    }
    done.wait()
    return value!
  }

  /// Starts something on the loop that says later that it has ended, and waits for that.
  func runUntilDone(_ body: @escaping (EventLoop, _ done: @escaping () -> Void) -> Void) {
    let ended = DispatchSemaphore(value: 0)
    let work = OnLoop(value: body)
    handle.post { [self] in work.value(loop.value) { ended.signal() } }
    ended.wait()
  }

  func stop() { handle.post { [self] in loop.value.stop() } }
}
