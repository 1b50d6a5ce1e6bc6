// SPDX-License-Identifier: MIT

/// Which tables are known, in bounded memory: of more than `capacity` it forgets those that were not
/// asked for longest.
///
/// It keeps 64 bits of each name by Swift's hash, whose seed is the process's own secret: an attacker cannot
/// search for a name that passes for another.
struct SeenTables {
  private var recent: Set<Int> = []
  private var older: Set<Int> = []
  private let half: Int

  init(capacity: Int) { half = max(1, capacity / 2) }

  var count: Int { recent.count + older.count }

  mutating func contains(_ table: Destination) -> Bool {
    let key = Self.key(table)
    if recent.contains(key) { return true }
    guard older.contains(key) else { return false }
    insert(key)
    return true
  }

  mutating func insert(_ table: Destination) { insert(Self.key(table)) }
  /// By the whole name, as a list of tables has it.
  mutating func insert(name: String) { insert(name.hashValue) }

  mutating func removeAll() {
    recent = []
    older = []
  }

  private mutating func insert(_ key: Int) {
    if recent.count >= half {
      older = recent
      recent = []
    }
    recent.insert(key)
  }

  private static func key(_ table: Destination) -> Int { table.name.hashValue }
}
