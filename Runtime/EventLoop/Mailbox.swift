// SPDX-License-Identifier: MIT
import CSystem
import Glibc
import Synchronization

/// The one way in for other threads: work that runs on the loop in the order it was posted.
final class Mailbox: Sendable {
  let wakeDescriptor: Int32
  private let letters = Mutex<[@Sendable () -> Void]>([])

  init() throws(SystemError) {
    wakeDescriptor = pixel_eventfd()
    if wakeDescriptor < 0 { throw SystemError("eventfd") }
  }

  deinit { close(wakeDescriptor) }

  func post(_ letter: @escaping @Sendable () -> Void) {
    let wasEmpty = letters.withLock { letters in
      letters.append(letter)
      return letters.count == 1
    }
    guard wasEmpty else { return }
    var one: UInt64 = 1
    // An eventfd takes eight bytes; if its counter is full the loop is awake anyway.
    _ = unsafe write(wakeDescriptor, &one, 8)
  }

  func takeAll() -> [@Sendable () -> Void] {
    var count: UInt64 = 0
    _ = unsafe read(wakeDescriptor, &count, 8)
    return letters.withLock { letters in
      defer { letters = [] }
      return letters
    }
  }
}
