// SPDX-License-Identifier: MIT

/// Does the same with each of many tables, some at a time, and says how far it is.
///
/// Eight at once stay below BigQuery's 100 calls a second of one user and kind.
func forEach<Item: Sendable, Result: Sendable>(
  _ items: [Item], _ doing: String, atOnce: Int = 8,
  _ work: @escaping @Sendable (Item) async throws -> Result
) async throws -> [Result] {
  try await withThrowingTaskGroup(of: (Int, Result).self) { group in
    var results: [Result?] = Array(repeating: nil, count: items.count)
    var next = 0
    var done = 0
    let step = max(50, items.count / 20)
    func start() {
      guard next < items.count else { return }
      let (index, item) = (next, items[next])
      group.addTask { (index, try await work(item)) }
      next += 1
    }
    for _ in 0..<atOnce { start() }
    while let (index, result) = try await group.next() {
      results[index] = result
      done += 1
      if done % step == 0, done < items.count {
        Upkeep.note("\(doing): \(done) of \(items.count)")
      }
      start()
    }
    return results.compactMap(\.self)
  }
}
