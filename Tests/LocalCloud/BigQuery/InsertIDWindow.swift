// SPDX-License-Identifier: MIT

/// Remembers which `insertId`s a destination has seen in the last minute.
///
/// A destination is what the request named: table and suffix. The same table under another name,
/// with the suffix written into the table id, has a memory of its own, as BigQuery documents.
struct InsertIDWindow {
  struct Key: Hashable {
    let destination: String
    let insertID: String
  }

  let length: Duration
  private var seen: Set<Key> = []
  private var inOrder: [(key: Key, at: Duration)] = []
  private var oldest = 0

  init(length: Duration = .seconds(60)) { self.length = length }

  /// Whether `key` came within the window; if not, it counts as seen from now on.
  mutating func isRepeat(_ key: Key, at now: Duration) -> Bool {
    forget(before: now - length)
    guard seen.insert(key).inserted else { return true }
    inOrder.append((key, now))
    return false
  }

  /// Takes back what `isRepeat` has noted.
  mutating func forget(_ key: Key) { seen.remove(key) }

  mutating func removeAll() {
    self = InsertIDWindow(length: length)
  }

  private mutating func forget(before limit: Duration) {
    while oldest < inOrder.count, inOrder[oldest].at <= limit {
      seen.remove(inOrder[oldest].key)
      oldest += 1
    }
    // Moving the rest only when half is gone keeps the cost per id constant.
    if oldest > 1024, oldest * 2 > inOrder.count {
      inOrder.removeFirst(oldest)
      oldest = 0
    }
  }
}
