// SPDX-License-Identifier: MIT

/// Something to be done at a later time; keep it only to cancel it.
public final class Timer {
  let deadline: Instant
  /// Nil once it has run or was cancelled.
  var body: (() -> Void)?

  init(deadline: Instant, body: @escaping () -> Void) {
    self.deadline = deadline
    self.body = body
  }

  public func cancel() { body = nil }
}

/// The timers of a loop as a binary heap, the earliest first. Cancelled ones leave when their time comes.
struct TimerHeap {
  private var heap: [Timer] = []

  var earliest: Instant? { heap.first?.deadline }

  mutating func insert(_ timer: Timer) {
    heap.append(timer)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].deadline < heap[parent].deadline else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest timer if its time has come.
  mutating func popDue(at now: Instant) -> Timer? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if heap[child].deadline < heap[least].deadline { least = child }
      }
      guard least != parent else { break }
      heap.swapAt(parent, least)
      parent = least
    }
    return first
  }
}
