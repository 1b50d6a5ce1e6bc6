// SPDX-License-Identifier: MIT

/// Something to be done at a later time; keep it only to cancel it.
public final class Timer {
  let deadline: Instant
  /// Nil once it has run or was cancelled.
  var body: (() -> Void)?
  /// Which of two timers with one deadline was set first.
  fileprivate var order: UInt64 = 0

  init(deadline: Instant, body: @escaping () -> Void) {
    self.deadline = deadline
    self.body = body
  }

  public func cancel() { body = nil }

  fileprivate func precedes(_ other: Timer) -> Bool {
    deadline == other.deadline ? order < other.order : deadline < other.deadline
  }
}

/// The timers of a loop as a binary heap, the earliest first.
///
/// Cancelled ones leave when their time comes, or when the heap has doubled since they were last swept
/// out: a busy HTTP client cancels thousands a second, each set for many seconds.
struct TimerHeap {
  private var heap: [Timer] = []
  private var inserted: UInt64 = 0
  private var sweepAt = smallest

  private static let smallest = 256

  var count: Int { heap.count }
  var earliest: Instant? { heap.first?.deadline }

  mutating func insert(_ timer: Timer) {
    if heap.count >= sweepAt { sweep() }
    inserted &+= 1
    timer.order = inserted
    heap.append(timer)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { break }
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
    sink(0)
    return first
  }

  private mutating func sweep() {
    heap.removeAll { $0.body == nil }
    for parent in (0..<heap.count / 2).reversed() { sink(parent) }
    sweepAt = max(Self.smallest, 2 * heap.count)
  }

  private mutating func sink(_ start: Int) {
    var parent = start
    while true {
      var least = parent
      for child in 2 * parent + 1..<min(2 * parent + 3, max(2 * parent + 1, heap.count))
      where heap[child].precedes(heap[least]) { least = child }
      guard least != parent else { break }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
