// SPDX-License-Identifier: MIT
import EventLoop

/// Rows for one table, on their way into one insert.
struct LoadBatch<Row> {
  let destination: Destination
  var rows: [Row] = []
  var bytes = 0
  /// When its first row came.
  let begun: Instant
  /// How many inserts with these rows have failed.
  var failures = 0
  /// Whether a refused token has been replaced for these rows.
  var hasNewToken = false
}

/// Which rows leave together and when; without I/O or a clock.
///
/// With no insert on its way a batch leaves at once. Otherwise it waits until it is full, a slot has
/// become free, or `linger` is over; the oldest goes first. If an answer is due then, which mostly brings more
/// rows, it waits for that too, once more as long at most.
struct LoadQueue<Row> {
  let maxRows: Int
  let maxBytes: Int
  let linger: Duration
  private var open: [Destination: LoadBatch<Row>] = [:]
  /// Where open batches go, oldest first; one that has left since is passed over.
  private var order: [(destination: Destination, begun: Instant)] = []
  private var orderHead = 0
  /// Batches that need not wait: full ones, and those that go again.
  private var ready: [LoadBatch<Row>] = []

  init(maxRows: Int, maxBytes: Int, linger: Duration) {
    self.maxRows = maxRows
    self.maxBytes = maxBytes
    self.linger = linger
  }

  var isEmpty: Bool { open.isEmpty && ready.isEmpty }

  mutating func add(_ row: Row, bytes: Int, to destination: Destination, now: Instant) {
    guard let index = open.index(forKey: destination) else {
      return begin(row, bytes: bytes, to: destination, now: now)
    }
    guard open.values[index].bytes + bytes <= maxBytes else {
      close(destination)
      return begin(row, bytes: bytes, to: destination, now: now)
    }
    if open.values[index].add(row, bytes) >= maxRows { close(destination) }
  }

  private mutating func begin(_ row: Row, bytes: Int, to destination: Destination, now: Instant) {
    open[destination] = LoadBatch(destination: destination, rows: [row], bytes: bytes, begun: now)
    order.append((destination, now))
    if maxRows <= 1 { close(destination) }
  }

  /// Puts a batch that has to go again behind those that are ready.
  mutating func requeue(_ batch: LoadBatch<Row>) { ready.append(batch) }

  /// The next batch to insert, if one may leave now.
  mutating func takeNext(
    now: Instant, isIdle: Bool, slotFreed: Bool, answerIsDue: Bool = false
  ) -> LoadBatch<Row>? {
    if !ready.isEmpty { return ready.removeFirst() }
    guard let oldest else { return nil }
    let mayWait = answerIsDue && oldest.rows.count < Self.large
    let isOver = oldest.begun + (mayWait ? linger + longer : linger) <= now
    guard isIdle || slotFreed || isOver else { return nil }
    advance()
    return open.removeValue(forKey: oldest.destination)
  }

  /// An insert of this many rows is worth while even if more rows are about to come.
  private static var large: Int { 256 }

  /// Whether the next batch would gain by a few more rows.
  var isSmall: Bool { mutating get { (oldest?.rows.count ?? 0) < Self.large } }

  /// How much longer rows wait for an answer that is due.
  var longer: Duration { min(linger, .milliseconds(10)) }

  /// When to look at the oldest open batch again: when it has lingered long enough, or even longer.
  mutating func nextDue(after now: Instant) -> Instant? {
    oldest.map { oldest in
      let due = oldest.begun + linger
      return due > now ? due : due + longer
    }
  }

  private var oldest: LoadBatch<Row>? {
    mutating get {
      while orderHead < order.count {
        let (destination, begun) = order[orderHead]
        if let batch = open[destination], batch.begun == begun { return batch }
        advance()
      }
      return nil
    }
  }

  private mutating func advance() {
    orderHead += 1
    if orderHead == order.count || orderHead > 1024 {
      order.removeFirst(orderHead)
      orderHead = 0
    }
  }

  private mutating func close(_ destination: Destination) {
    if let batch = open.removeValue(forKey: destination) { ready.append(batch) }
  }
}

extension LoadBatch {
  /// How many rows there are then.
  mutating func add(_ row: Row, _ bytes: Int) -> Int {
    rows.append(row)
    self.bytes += bytes
    return rows.count
  }

  func emptied() -> LoadBatch {
    var copy = self
    copy.rows = []
    return copy
  }

  func failedOnceMore() -> LoadBatch {
    var copy = self
    copy.failures += 1
    return copy
  }

  func halves() -> (LoadBatch, LoadBatch) {
    var first = self
    var second = self
    let middle = rows.count / 2
    first.rows = Array(rows[..<middle])
    second.rows = Array(rows[middle...])
    return (first, second)
  }
}
