// SPDX-License-Identifier: MIT
import Glibc

/// The thread that a loop was made on: the only one that may run it and use its values.
struct LoopThreadID: Sendable {
  private let thread = pthread_self()

  var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }
}

extension EventLoop {
  /// Traps on any other thread than the one that made this loop.
  public func preconditionOnLoop() {
    precondition(thread.isCurrent, "An event loop was used on another thread than its own.")
  }
}
