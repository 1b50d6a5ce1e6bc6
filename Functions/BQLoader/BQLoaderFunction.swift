// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import EventLoop
import FunctionRuntime
import GoogleCloud
import PixelModel

/// Takes rows that LogParse has published and streams them into suffix tables.
///
/// A row is passed through as it is: only its id, its time and the columns of the suffix are read.
public final class BQLoaderFunction {
  static let stage = "bq-loader"

  private let suffix: TemplateSuffix
  private let table: TableName
  private let knownIDs: KnownIDs?
  private let state: LoaderState
  private let worker: Worker
  private let loader: Loader

  init(settings: BQLoaderSettings, worker: Worker) {
    suffix = settings.suffix
    table = settings.table
    knownIDs = settings.knownIDs
    state = settings.state
    self.worker = worker
    settings.cloud.warmUp(worker, for: settings.cloud.bigQuery)
    loader = Loader(settings: settings, worker: worker)
    if worker.index == 0 { settings.askForTables(worker) }
  }

  /// The function as the runtime runs it, for one worker.
  public static func function(_ settings: BQLoaderSettings, _ worker: Worker) -> MessageFunction {
    let loader = BQLoaderFunction(settings: settings, worker: worker)
    return MessageFunction(
      authentication: settings.authentication, rejectedTo: settings.rejectedTopic, worker: worker,
      cloud: settings.cloud, receive: loader.receive)
  }

  func receive(_ delivery: Delivery) {
    let message = delivery.message
    message.buffer.withSpan { bytes in
      let row = bytes.extracting(message.data)
      // 1. The row's own id, time and suffix columns.
      guard let facts = try? RowFacts(of: row, columns: suffix.columns) else {
        return reject(delivery, .rowNotJSON, "The message is not a JSON object.")
      }
      guard let eventID = EventID(facts.eventID, in: row, or: message) else {
        return reject(
          delivery, .eventIDMissing, "No event_id of 1 to 128 bytes, as column or attribute.")
      }
      // 2. Which table it goes to.
      let contract = table.hasContract ? message.attribute("contract") : nil
      guard let table = table.text(contract: contract) else {
        return reject(
          delivery, .contractInvalid, "The attribute contract names none that there can be.")
      }
      // 3. Not now, if BigQuery is down.
      guard !state.breaker.withLock({ $0.refuses(worker.loop.now) }) else {
        return delivery.finish(.retry(.bigQueryDown))
      }
      // 4. Into the next insert for that table, or for the overflow table.
      let loadRow = LoadRow(delivery: delivery, eventID: eventID, time: facts.time)
      let own = Destination(table: table, suffix: suffix.text(for: facts, in: row))
      guard let gate = state.gate else { return loader.add(loadRow, to: own) }
      send(
        loadRow, through: gate, to: own,
        or: { [suffix] in Destination(table: table, suffix: suffix.overflow(for: facts)) },
        isKnown: knownIDs.map { $0.has(suffix.firstColumn(of: facts), in: row) })
    }
  }

  /// - Parameter isKnown: Whether the allow-list has the row's id; nil without a list.
  private func send(
    _ row: LoadRow, through gate: TableGate, to own: Destination,
    or overflow: @escaping () -> Destination, isKnown: Bool?
  ) {
    if isKnown == false {
      worker.count("table_of_unknown_id")
      return loader.add(row, to: overflow())
    }
    let latest = row.delivery.deadline + (.zero - Loader.margin)
    let isAllowed = isKnown ?? false
    switch gate.decide(own, isAllowed: isAllowed, now: worker.loop.now, latest: latest) {
    case .now(.own): loader.add(row, to: own)
    case .now(let admission): admit(row, admission, own, overflow)
    case .later:
      gate.wait(own, isAllowed: isAllowed, latest: latest, worker) { [self] admission in
        admit(row, admission, own, overflow)
      }
    }
  }

  private func admit(
    _ row: LoadRow, _ admission: TableGate.Admission, _ own: Destination,
    _ overflow: () -> Destination
  ) {
    switch admission {
    case .own: loader.add(row, to: own)
    case .unknown(let why): row.delivery.finish(.retry(.insertFailed, detail: why))
    case .busy: row.delivery.finish(.retry(.tablePending))
    case .overflow:
      worker.count("table_overflow")
      if state.mayComplain(of: "new tables", worker.loop.now) {
        worker.log.warning(
          "More new tables than MAX_NEW_TABLES_PER_HOUR: "
            + "rows go to \(SuffixEncoding.overflow) tables.")
      }
      loader.add(row, to: overflow())
    }
  }

  private func reject(_ delivery: Delivery, _ reason: Reason, _ detail: String) {
    let eventID = delivery.message.attribute("event_id")
    delivery.finish(
      .reject(Rejection(stage: Self.stage, reason: reason, detail: detail, eventID: eventID)))
  }
}
