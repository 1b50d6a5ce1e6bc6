// SPDX-License-Identifier: MIT
import EventLoop

/// Rows for one suffix, on their way into one insert.
struct LoadBatch<Row> {
  let suffix: String
  var rows: [Row] = []
  var bytes = 0
  /// When its first row came.
  let begun: Instant
  /// How many inserts with these rows have failed.
  var failures = 0
}

/// Which rows leave together and when; without I/O or a clock.
///
/// With no insert on its way a batch leaves at once. Otherwise it waits until it is full, a slot has
/// become free, or `linger` is over; the oldest goes first.
struct LoadQueue<Row> {
  let maxRows: Int
  let maxBytes: Int
  let linger: Duration
  private var open: [String: LoadBatch<Row>] = [:]
  /// Suffixes of open batches, oldest first; one that has left since is passed over.
  private var order: [(suffix: String, begun: Instant)] = []
  private var orderHead = 0
  /// Batches that need not wait: full ones, and those that go again.
  private var ready: [LoadBatch<Row>] = []

  init(maxRows: Int, maxBytes: Int, linger: Duration) {
    self.maxRows = maxRows
    self.maxBytes = maxBytes
    self.linger = linger
  }

  var isEmpty: Bool { open.isEmpty && ready.isEmpty }

  mutating func add(_ row: Row, bytes: Int, suffix: String, now: Instant) {
    if let batch = open[suffix], batch.bytes + bytes > maxBytes { close(suffix) }
    if open[suffix] == nil {
      open[suffix] = LoadBatch(suffix: suffix, begun: now)
      order.append((suffix, now))
    }
    open[suffix]?.rows.append(row)
    open[suffix]?.bytes += bytes
    if let batch = open[suffix], batch.rows.count >= maxRows { close(suffix) }
  }

  /// Puts a batch that has to go again behind those that are ready.
  mutating func requeue(_ batch: LoadBatch<Row>) { ready.append(batch) }

  /// The next batch to insert, if one may leave now.
  mutating func takeNext(now: Instant, isIdle: Bool, slotFreed: Bool) -> LoadBatch<Row>? {
    if !ready.isEmpty { return ready.removeFirst() }
    guard let oldest else { return nil }
    guard isIdle || slotFreed || oldest.begun + linger <= now else { return nil }
    advance()
    return open.removeValue(forKey: oldest.suffix)
  }

  /// When the oldest open batch has lingered long enough.
  mutating func nextDue() -> Instant? { oldest.map { $0.begun + linger } }

  private var oldest: LoadBatch<Row>? {
    mutating get {
      while orderHead < order.count {
        let (suffix, begun) = order[orderHead]
        if let batch = open[suffix], batch.begun == begun { return batch }
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

  private mutating func close(_ suffix: String) {
    if let batch = open.removeValue(forKey: suffix) { ready.append(batch) }
  }
}
