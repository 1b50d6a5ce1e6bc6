// SPDX-License-Identifier: MIT

/// Carries a value of one loop through places that ask for `Sendable`, and gives it back on that loop alone.
///
/// Made on the loop; another thread may keep it and post work to the loop that uses it. A thread that asks for the
/// value itself traps: the value may be in use on its loop at that moment.
public struct LoopBound<Value>: @unchecked Sendable {
  private let content: Value
  private let thread: LoopThreadID

  /// - Parameters:
  ///   - value: What is carried.
  ///   - loop: The loop that `value` belongs to, which is the caller's.
  public init(_ value: Value, of loop: EventLoop) {
    loop.preconditionOnLoop()
    content = value
    thread = loop.thread
  }

  /// The value, for work that runs on its loop.
  public var value: Value {
    precondition(thread.isCurrent, "A value of an event loop was asked for on another thread.")
    return content
  }
}
