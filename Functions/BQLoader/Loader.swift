// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import Events
import FunctionRuntime
import GoogleCloud

/// One pushed row that waits to be in BigQuery. Its JSON stays in the message's buffer.
struct LoadRow {
  let delivery: Delivery
  let eventID: String
  let time: Timestamp?
}

/// Gathers rows into inserts and does what each answer asks for. Each push is answered only when its row
/// is in, is recorded as rejected, or is to come again.
final class Loader {
  typealias Batch = LoadBatch<LoadRow>

  /// The last moment for an insert, before the push's own deadline.
  private static let margin = Duration.seconds(2)

  private let worker: Worker
  private let inserter: TableInserter
  private let maxInserts: Int
  private let backoff = Backoff(base: .milliseconds(500))
  private var queue: LoadQueue<LoadRow>
  private var inserts = 0
  private var pumpScheduled = false
  private var timerDue = Instant(nanoseconds: .min)

  init(settings: BQLoaderSettings, worker: Worker) {
    self.worker = worker
    maxInserts = settings.maxInserts
    queue = LoadQueue(
      maxRows: settings.batchRows, maxBytes: settings.batchBytes, linger: settings.batchLinger)
    inserter = TableInserter(
      worker: worker, cloud: settings.cloud, dataset: settings.dataset, table: settings.table)
  }

  func add(_ row: LoadRow, suffix: String) {
    let bytes =
      row.delivery.message.data.count + row.eventID.utf8.count + InsertAllRequest.bytesPerRow
    queue.add(row, bytes: bytes, suffix: suffix, now: worker.loop.now)
    pumpAtTurnEnd()
  }

  // MARK: When to insert

  /// What arrives in one turn of the loop leaves together.
  private func pumpAtTurnEnd() {
    guard !pumpScheduled else { return }
    pumpScheduled = true
    worker.loop.atTurnEnd { [self] in
      pumpScheduled = false
      pump(slotFreed: false)
    }
  }

  private func pump(slotFreed: Bool) {
    let now = worker.loop.now
    while inserts < maxInserts,
      let batch = queue.takeNext(now: now, isIdle: inserts == 0, slotFreed: slotFreed)
    {
      insert(batch)
    }
    if inserts < maxInserts, let due = queue.nextDue(), due > timerDue {
      timerDue = due
      worker.loop.schedule(at: due) { [self] in pump(slotFreed: false) }
    }
  }

  // MARK: Inserting

  private func insert(_ batch: Batch) {
    var batch = batch
    // Whoever has stopped waiting sends the message again.
    batch.rows.removeAll { !$0.delivery.isOpen }
    guard let deadline = batch.rows.map(\.delivery.deadline).min() else { return }
    let left = deadline - worker.loop.now - Self.margin
    guard left > .zero else { return giveUp(batch, .insertFailed, "no time left for an insert") }
    var request = InsertAllRequest(suffix: batch.suffix)
    for row in batch.rows {
      row.delivery.message.buffer.withSpan {
        request.add(insertID: row.eventID, row: $0.extracting(row.delivery.message.data))
      }
    }
    inserts += 1
    inserter.insert(request.finish(), timeout: min(left, .seconds(30))) { [self] answer in
      inserts -= 1
      settle(batch, answer)
      pump(slotFreed: true)
    }
  }

  private func settle(_ batch: Batch, _ answer: InsertAllAnswer) {
    switch answer {
    case .rows(let problems): settle(batch, problems)
    case .again(let retryAfter, let why): later(batch, retryAfter, .insertFailed, why)
    case .tableMissing(let why): later(batch, nil, .tableMissing, why)
    case .newToken where batch.failures == 0:
      queue.requeue(batch.failedOnceMore())
    case .newToken: later(batch, nil, .insertFailed, "BigQuery: status 401")
    case .split(let why) where batch.rows.count > 1:
      worker.log.warning(
        "An insert is sent again in halves.",
        ["detail": .text(why), "rows": .number(batch.rows.count)])
      let (first, second) = batch.halves()
      queue.requeue(first)
      queue.requeue(second)
    case .split(let why):
      for row in batch.rows { reject(row, .rowInvalid, why) }
    case .failed(let why): giveUp(batch, .insertFailed, why)
    }
  }

  /// Row by row: what is in is done, what never fits is rejected, the rest goes again.
  private func settle(_ batch: Batch, _ problems: [Int: InsertAllAnswer.RowProblem]) {
    var stopped = batch.emptied()
    var transient = batch.emptied()
    var why = ""
    var isFreed = false
    for (index, row) in batch.rows.enumerated() {
      switch problems[index] {
      case nil: row.delivery.finish(.done)
      case .stopped: stopped.rows.append(row)
      case .invalid(let message):
        isFreed = true
        reject(row, .rowInvalid, message)
      case .transient(let reason):
        why = "BigQuery: \(reason)"
        transient.rows.append(row)
      }
    }
    if !stopped.rows.isEmpty {
      // Without the row that stopped them they fit. Should no row be to blame, they wait like others.
      if isFreed {
        queue.requeue(stopped)
      } else {
        later(stopped, nil, .insertFailed, "BigQuery: stopped")
      }
    }
    if !transient.rows.isEmpty { later(transient, nil, .insertFailed, why) }
  }

  private func reject(_ row: LoadRow, _ reason: Reason, _ detail: String) {
    row.delivery.finish(
      .reject(
        Rejection(
          stage: BQLoader.stage, reason: reason, detail: detail, eventID: row.eventID,
          time: row.time)))
  }

  /// The same rows again under the same ids after a pause, if there is time for it.
  private func later(_ batch: Batch, _ retryAfter: Int?, _ reason: Reason, _ why: String) {
    let failed = batch.failedOnceMore()
    let wait = backoff.wait(after: failed.failures, retryAfter: retryAfter)
    let deadline = batch.rows.map(\.delivery.deadline).min() ?? worker.loop.now
    guard worker.loop.now + wait + Self.margin < deadline else {
      return giveUp(batch, reason, why)
    }
    worker.loop.schedule(after: wait) { [self] in
      queue.requeue(failed)
      pump(slotFreed: false)
    }
  }

  private func giveUp(_ batch: Batch, _ reason: Reason, _ why: String) {
    if reason == .tableMissing {
      worker.log.error(
        "The template table or its dataset is missing: create it with infra/contracts/pixel.json as "
          + "schema, by 'bq mk --table --schema=infra/contracts/pixel.json DATASET.TABLE'.",
        ["detail": .text(why)])
    }
    for row in batch.rows { row.delivery.finish(.retry(reason, detail: why)) }
  }
}

extension LoadBatch {
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
