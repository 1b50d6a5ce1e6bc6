// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import EventLoop
import GoogleCloud

/// The action that each answer of BigQuery asks for.
extension Loader {
  /// A refusal without a message, as something on the way gives, may be for the size of a row like this.
  private static let mayBeTooLarge = 1 << 20

  func settle(_ batch: Batch, _ answer: InsertAllAnswer) {
    switch answer {
    case .rows(let problems): settle(batch, problems)
    case .again(let retryAfter, let why), .unknown(let retryAfter, let why):
      later(batch, retryAfter, .insertFailed, why)
    case .notSent(let why): later(batch, nil, .insertFailed, why)
    case .missing(let trouble): later(batch, nil, .tableMissing, trouble.why, trouble)
    case .newToken where !batch.hasNewToken:
      var batch = batch
      batch.hasNewToken = true
      queue.requeue(batch)
    case .newToken: later(batch, nil, .insertFailed, "BigQuery: status 401")
    case .split(_, let why) where batch.rows.count > 1:
      worker.log.warning(
        "An insert is sent again in halves.",
        ["detail": .text(why), "rows": .number(batch.rows.count)])
      let (first, second) = batch.halves()
      queue.requeue(first)
      queue.requeue(second)
    case .split(let isAboutRows, let why) where isAboutRows || batch.bytes >= Self.mayBeTooLarge:
      for row in batch.rows { reject(row, .rowInvalid, why) }
    case .split(_, let why): giveUp(batch, .insertFailed, why)
    case .refused(let trouble): giveUp(batch, .tableRefused, trouble.why, trouble)
    }
  }

  /// Row by row: an inserted row is done, an impossible row is rejected, any other row is sent again.
  private func settle(_ batch: Batch, _ problems: [Int: InsertAllAnswer.RowProblem]) {
    guard !problems.isEmpty else {
      for row in batch.rows { row.delivery.finish(.done) }
      return
    }
    var stopped = batch.emptied()
    var transient = batch.emptied()
    var refused = batch.emptied()
    var trouble: TableTrouble?
    var why = ""
    var isFreed = false
    for (index, row) in batch.rows.enumerated() {
      switch problems[index] {
      case nil: row.delivery.finish(.done)
      case .stopped: stopped.rows.append(row)
      case .invalid(let message):
        isFreed = true
        reject(row, .rowInvalid, message)
      case .unknownField(let message):
        isFreed = true
        if mayBeTooEarly(row) {
          row.delivery.finish(.retry(.schemaPending, detail: message))
        } else {
          reject(row, .rowInvalid, message)
        }
      case .refused(let why):
        trouble = why
        refused.rows.append(row)
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
    if let trouble { giveUp(refused, .tableRefused, trouble.why, trouble) }
  }

  /// A column that was added to the table reaches inserts minutes later: whether the message is young
  /// enough to wait for that. Without a time of its own the event's counts.
  private func mayBeTooEarly(_ row: LoadRow) -> Bool {
    guard let published = row.delivery.message.publishTime ?? row.time else { return false }
    return SchemaGrace.covers(
      published: published, nowNanoseconds: wallClockNanoseconds(), grace: schemaGrace)
  }

  func reject(_ row: LoadRow, _ reason: Reason, _ detail: String) {
    row.delivery.finish(
      .reject(
        Rejection(
          stage: BQLoaderFunction.stage, reason: reason, detail: detail, eventID: row.eventIDText,
          time: row.time)))
  }

  func giveUp(_ batch: Batch, _ reason: Reason, _ why: String, _ trouble: TableTrouble? = nil) {
    // The suffix stays out of the log: it is made from ids.
    let table = batch.destination.table
    if let trouble, state.mayComplain(of: "\(trouble.kind) \(table)", worker.loop.now) {
      worker.log.error(
        TableAdvice.text(trouble.kind, dataset: dataset, table: table),
        ["detail": .text(why), "table": .text("\(dataset).\(table)")])
    }
    for row in batch.rows { row.delivery.finish(.retry(reason, detail: why)) }
  }
}

/// How long rows may wait for a column that their table does not have yet.
enum SchemaGrace {
  static func covers(published: Timestamp, nowNanoseconds: Int64, grace: Duration) -> Bool {
    let age = Duration.nanoseconds(nowNanoseconds) - .seconds(published.seconds)
    return age - .nanoseconds(Int64(published.nanoseconds)) < grace
  }
}
