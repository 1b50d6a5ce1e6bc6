// SPDX-License-Identifier: MIT
import EventLoop
import FunctionRuntime
import GoogleCloud
import Synchronization

/// The process's one `TableGuard`, and its questions to BigQuery: which tables exist when the process starts,
/// and whether a single one exists once the hour's new tables are used up.
final class TableGate: Sendable {
  enum Admission: Equatable, Sendable {
    case own, overflow
    /// Too many tables wait to be made.
    case busy
    /// Whether the table exists could not be found out.
    case unknown(why: String)
  }

  /// The next step for a row.
  enum Answer: Equatable {
    case now(Admission)
    /// Call `wait`.
    case later
  }

  private struct Waiter: Sendable {
    let table: Destination
    let isAllowed: Bool
    let latest: Instant
    let worker: LoopBound<Worker>
    let loop: EventLoop.Handle
    let completion: LoopBound<(Admission) -> Void>

    func tell(_ admission: Admission) {
      loop.post { completion.value(admission) }
    }
  }

  private struct State {
    var tables: TableGuard
    /// Until the list is here, or has taken too long, tables that are not known yet wait for it.
    var isListed = false
    var unlisted: [Waiter] = []
    var lookUps: [Destination: [Waiter]] = [:]
  }

  /// Rows wait so long for the list of tables; then tables are looked up one by one.
  static let listPatience = Duration.seconds(5)

  private let dataset: String
  private let cloud: CloudSettings
  private let prefix: String
  private let state: Mutex<State>

  /// - Parameter prefix: The beginning of all its tables' names.
  init(dataset: String, prefix: String, tablesPerHour: Int, cloud: CloudSettings) {
    self.dataset = dataset
    self.prefix = prefix
    self.cloud = cloud
    state = Mutex(State(tables: TableGuard(tablesPerHour: tablesPerHour)))
  }

  /// Whether a row may go to `table`; `later` asks for `wait`.
  func decide(_ table: Destination, isAllowed: Bool, now: Instant, latest: Instant) -> Answer {
    state.withLock { state in
      if state.lookUps[table] != nil { return .later }
      if !state.isListed { return state.tables.knows(table) ? .now(.own) : .later }
      switch state.tables.decide(table, isAllowed: isAllowed, now: now, latest: latest) {
      case .own: return .now(.own)
      case .overflow: return .now(.overflow)
      case .busy: return .now(.busy)
      case .wait: return .later
      case .lookUp:
        state.lookUps[table] = []
        return .later
      }
    }
  }

  /// Calls `completion` on the worker's loop, later, once it is known.
  func wait(
    _ table: Destination, isAllowed: Bool, latest: Instant, _ worker: Worker,
    _ completion: @escaping (Admission) -> Void
  ) {
    let waiter = Waiter(
      table: table, isAllowed: isAllowed, latest: latest,
      worker: LoopBound(worker, of: worker.loop), loop: worker.loop.handle,
      completion: LoopBound(completion, of: worker.loop))
    admit(waiter, now: worker.loop.now)
  }

  private func admit(_ waiter: Waiter, now: Instant) {
    enum Step {
      case tell(Admission)
      case ask, wait
      case askAgain(Instant)
    }
    let step: Step = state.withLock { state in
      guard state.isListed else {
        state.unlisted.append(waiter)
        return .wait
      }
      // One look-up serves all that wait for the same table.
      if let waiters = state.lookUps[waiter.table] {
        state.lookUps[waiter.table] = waiters + [waiter]
        return waiters.isEmpty ? .ask : .wait
      }
      switch state.tables.decide(
        waiter.table, isAllowed: waiter.isAllowed, now: now, latest: waiter.latest)
      {
      case .own: return .tell(.own)
      case .overflow: return .tell(.overflow)
      case .busy: return .tell(.busy)
      case .wait(let turn): return .askAgain(turn)
      case .lookUp:
        state.lookUps[waiter.table] = [waiter]
        return .ask
      }
    }
    switch step {
    case .tell(let admission): waiter.tell(admission)
    case .ask: waiter.loop.post { [self] in lookUp(waiter.table, waiter.worker.value) }
    case .askAgain(let turn):
      waiter.loop.post { [self] in
        let loop = waiter.worker.value.loop
        loop.schedule(at: turn) { [self] in admit(waiter, now: loop.now) }
      }
    case .wait: break
    }
  }

  // MARK: Asking BigQuery

  private func lookUp(_ table: Destination, _ worker: Worker) {
    TableCatalog(caller: worker.cloudCaller, cloud: cloud, dataset: dataset).columns(of: table.name)
    {
      [self] answer in
      let admission: Admission
      switch answer {
      case .found: admission = .own
      case .missing, .denied: admission = .overflow
      case .failed(let why): admission = .unknown(why: why)
      }
      let waiters = state.withLock { state in
        if admission == .own { state.tables.found(table) }
        if admission == .overflow { state.tables.isMissing(table) }
        return state.lookUps.removeValue(forKey: table) ?? []
      }
      for waiter in waiters { waiter.tell(admission) }
    }
  }

  /// Lists the tables that exist; called once, by worker 0.
  func start(_ worker: Worker) {
    worker.loop.schedule(after: Self.listPatience) { [self] in release(worker) }
    worker.loop.atTurnEnd { [self] in list(after: nil, failures: 0, worker) }
  }

  private func list(after token: String?, failures: Int, _ worker: Worker) {
    TableCatalog(caller: worker.cloudCaller, cloud: cloud, dataset: dataset).list(after: token) {
      [self] answer in
      switch answer {
      case .found(let page):
        state.withLock { state in
          for name in page.tables where name.hasPrefix(prefix) { state.tables.found(name: name) }
        }
        if let next = page.next, next != token {
          list(after: next, failures: 0, worker)
        } else {
          release(worker)
        }
      case .missing: release(worker)
      case .denied(let why):
        worker.log.error(
          "The tables of the dataset can't be listed: give this service account "
            + "roles/bigquery.dataEditor on it.",
          ["detail": .text(why)])
        release(worker)
      case .failed(let why):
        if failures == 4 {
          worker.log.warning(
            "The tables of the dataset can't be listed yet.", ["detail": .text(why)])
        }
        let wait = Backoff(base: .milliseconds(250), cap: .seconds(30)).wait(after: failures + 1)
        worker.loop.schedule(after: wait) { [self] in
          list(after: token, failures: failures + 1, worker)
        }
      }
    }
  }

  private func release(_ worker: Worker) {
    let waiters = state.withLock { state in
      state.isListed = true
      defer { state.unlisted = [] }
      return state.unlisted
    }
    for waiter in waiters { admit(waiter, now: worker.loop.now) }
  }
}
