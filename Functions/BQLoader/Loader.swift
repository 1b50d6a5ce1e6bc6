// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import EventLoop
import FunctionRuntime
import GoogleCloud
import Synchronization

/// Gathers rows into inserts. Each push is answered only when its row is in, is recorded as rejected, or
/// is to come again.
final class Loader {
  typealias Batch = LoadBatch<LoadRow>

  /// The last moment for an insert, before the push's own deadline.
  static let margin = Duration.seconds(2)
  /// How long one insert may take. An answer comes in a tenth of a second; after ten another attempt is
  /// the better bet, and its ids are still remembered.
  private static let patience = Duration.seconds(10)

  let worker: Worker
  let dataset: String
  let schemaGrace: Duration
  let state: LoaderState
  var queue: LoadQueue<LoadRow>
  private let inserter: TableInserter
  private let maxInserts: Int
  private let maxRequestBytes: Int
  private let backoff = Backoff(base: .milliseconds(500))
  private var inFlight = InFlightInserts()
  /// Of the rows in them: their bodies are copies, so the messages' own bound does not hold them.
  private var bytesInFlight = 0
  private let maxBytesInFlight: Int
  private var pumpScheduled = false
  /// When the next timer looks at the queue.
  private var nextLook = Instant.distantFuture

  init(settings: BQLoaderSettings, worker: Worker) {
    self.worker = worker
    dataset = settings.dataset
    schemaGrace = settings.schemaGrace
    state = settings.state
    maxInserts = settings.maxInserts
    maxRequestBytes = settings.maxRequestBytes
    maxBytesInFlight = 4 * settings.batchBytes
    queue = LoadQueue(
      maxRows: settings.batchRows, maxBytes: settings.batchBytes, linger: settings.batchLinger)
    inserter = TableInserter(
      caller: worker.cloudCaller, cloud: settings.cloud, dataset: settings.dataset)
  }

  func add(_ row: LoadRow, to destination: Destination) {
    let bytes =
      row.delivery.message.data.count + row.eventID.byteCount + InsertAllRequest.bytesPerRow
    queue.add(row, bytes: bytes, to: destination, now: worker.loop.now)
    pumpAtTurnEnd()
  }

  // MARK: When to insert

  /// Rows that arrive in one turn of the loop leave together.
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
    let gatheringEnd = queue.isSmall ? inFlight.gatheringEnd(now) : nil
    while hasSlot,
      let batch = queue.takeNext(
        now: now, isIdle: inFlight.isEmpty && gatheringEnd == nil, slotFreed: slotFreed,
        answerIsDue: inFlight.answerIsDue(now, within: queue.longer))
    {
      insert(batch)
    }
    guard hasSlot, var due = queue.nextDue(after: now) else { return }
    if inFlight.isEmpty, let gatheringEnd { due = min(due, gatheringEnd) }
    // A timer that was set for later fires and finds no work.
    guard due < nextLook else { return }
    nextLook = due
    worker.loop.schedule(at: due) { [self] in
      if nextLook == due { nextLook = .distantFuture }
      pump(slotFreed: false)
    }
  }

  private var hasSlot: Bool { inFlight.count < maxInserts && bytesInFlight < maxBytesInFlight }

  // MARK: Inserting

  private func insert(_ batch: Batch) {
    var batch = batch
    // A sender that has stopped waiting sends the message again.
    batch.rows.removeAll { !$0.delivery.isOpen }
    guard let deadline = batch.deadline else { return }
    let left = deadline - worker.loop.now - Self.margin
    guard left > .zero else { return giveUp(batch, .insertFailed, "no time left for an insert") }
    let body = request(for: batch)
    guard body.count <= maxRequestBytes else {
      let why = "a request of \(body.count) bytes is over \(maxRequestBytes)"
      return settle(batch, .split(isAboutRows: true, why: why))
    }
    guard state.breaker.withLock({ $0.permit(worker.loop.now) }) == .yes else {
      return giveUp(batch, .bigQueryDown, "")
    }
    let begun = worker.loop.now
    inFlight.begin(begun)
    let bytes = body.count
    bytesInFlight += bytes
    inserter.insert(body, into: batch.destination.table, timeout: min(left, Self.patience)) {
      [self] answer in
      // With slots to spare, a batch that is still filling can go on filling.
      let wasFull = !hasSlot
      bytesInFlight -= bytes
      note(answer)
      settle(batch, answer)
      // The time it is now: answering hundreds of pushes takes a while.
      inFlight.end(begun: begun, rows: batch.rows.count, now: .read())
      pump(slotFreed: wasFull)
    }
  }

  private func request(for batch: Batch) -> [UInt8] {
    var request = InsertAllRequest(
      suffix: batch.destination.suffix, capacity: batch.bytes + 16 * batch.rows.count + 512)
    for row in batch.rows {
      row.delivery.message.buffer.withSpan {
        let json = $0.extracting(row.delivery.message.data)
        row.eventID.withText(in: json) { request.add(insertID: $0, row: json) }
      }
    }
    request.close()
    return request.body
  }

  /// Tells the breaker how an insert ended.
  private func note(_ answer: InsertAllAnswer) {
    let why: String
    switch answer {
    case .unknown(_, let cause): why = cause
    case .notSent: return state.breaker.withLock { $0.unsent(worker.loop.now) }
    default:
      if state.breaker.withLock({ $0.answered() }) { worker.log.info("BigQuery answers again.") }
      return
    }
    let random = Double.random(in: 0...1)
    if state.breaker.withLock({ $0.failed(worker.loop.now, random: random) }) {
      worker.log.error(
        "BigQuery is down: pushes are sent back at once until it answers again.",
        ["detail": .text(why)])
    }
  }

  /// The same rows again under the same ids after a pause, if there is time for it.
  func later(
    _ batch: Batch, _ retryAfter: Int?, _ reason: Reason, _ why: String,
    _ trouble: TableTrouble? = nil
  ) {
    let failed = batch.failedOnceMore()
    let wait = backoff.wait(after: failed.failures, retryAfter: retryAfter)
    let deadline = batch.deadline ?? worker.loop.now
    guard worker.loop.now + wait + Self.margin < deadline else {
      return giveUp(batch, reason, why, trouble)
    }
    worker.loop.schedule(after: wait) { [self] in
      queue.requeue(failed)
      pump(slotFreed: false)
    }
  }
}
