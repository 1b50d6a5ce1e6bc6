// SPDX-License-Identifier: MIT
import EventLoop
import Foundation

/// An event loop on a thread of its own, for tests that talk to it from outside.
public final class LoopThread: @unchecked Sendable {
  private let loop: EventLoop
  private let ended = DispatchSemaphore(value: 0)

  public init() throws {
    // A loop belongs to the thread that makes it.
    let made = Box<Result<EventLoop, any Error>>()
    let ready = DispatchSemaphore(value: 0)
    let thread = Thread { [ended] in
      let loop = Result { try EventLoop() }
      made.value = loop
      ready.signal()
      if case .success(let loop) = loop { loop.run() }
      ended.signal()
    }
    thread.stackSize = 1 << 20
    thread.start()
    ready.wait()
    loop = try made.value!.get()
  }

  public var handle: EventLoop.Handle { loop.handle }

  /// Runs `body` on the loop and waits for its result.
  public func run<T>(_ body: @escaping (EventLoop) -> T) -> T {
    let done = DispatchSemaphore(value: 0)
    let box = Box<T>()
    let work = Box(body)
    loop.post { [self] in
      box.value = work.value?(loop)
      done.signal()
    }
    done.wait()
    return box.value!
  }

  /// Runs `body` on the loop, and waits until it calls what it was given.
  public func wait<T>(for body: @escaping (EventLoop, @escaping (T) -> Void) -> Void) -> T {
    let done = DispatchSemaphore(value: 0)
    let box = Box<T>()
    let work = Box(body)
    loop.post { [self] in
      work.value?(loop) { value in
        box.value = value
        done.signal()
      }
    }
    done.wait()
    return box.value!
  }

  /// Ends the loop and waits for its thread.
  public func stop() {
    handle.post { [self] in loop.stop() }
    ended.wait()
  }
}

/// Carries a value to another thread that waits for it, or back; never used by both at a time.
final class Box<T>: @unchecked Sendable {
  var value: T?
  init(_ value: T? = nil) { self.value = value }
}

/// Looks until `condition` holds; false if it does not within `seconds`.
public func eventually(within seconds: Double = 10, _ condition: () -> Bool) -> Bool {
  let end = Date(timeIntervalSinceNow: seconds)
  while Date() < end {
    if condition() { return true }
    usleep(1000)
  }
  return condition()
}
