// SPDX-License-Identifier: MIT

/// Messages by the time at which they are due, soonest first.
struct DueHeap {
  private var items: [(due: Duration, id: Message.ID)] = []

  var count: Int { items.count }
  var first: (due: Duration, id: Message.ID)? { items.first }

  mutating func insert(_ id: Message.ID, due: Duration) {
    items.append((due, id))
    var child = items.count - 1
    while child > 0, items[child].due < items[(child - 1) / 2].due {
      items.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() {
    items.swapAt(0, items.count - 1)
    items.removeLast()
    var parent = 0
    while true {
      var smallest = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
        if items[child].due < items[smallest].due { smallest = child }
      }
      if smallest == parent { return }
      items.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
