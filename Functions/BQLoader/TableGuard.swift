// SPDX-License-Identifier: MIT
import EventLoop

/// Bounds how many tables this process makes, even if a client invents user ids; without I/O or a clock.
///
/// A table that exists is never charged and never overflows. A new one is charged to the hour's allowance and
/// waits for its turn in the second's. When the hour's allowance is used up the table is looked up, as
/// another process may have made it; rows of a table that does not exist go to the overflow table.
struct TableGuard {
  enum Decision: Equatable {
    /// Into its own table.
    case own
    /// Ask again then: it is the table's turn to be made.
    case wait(until: Instant)
    /// The table's turn is too late for this message, which is to come again.
    case busy
    /// Into the overflow table.
    case overflow
    /// Ask BigQuery whether the table exists, then call `found` or `isMissing`.
    case lookUp
  }

  /// The number of template tables that BigQuery makes per second in a project.
  static let perSecond = 10
  static let memory = 200_000
  /// A table that was missing is looked up again after so long: another process may have made it.
  static let absence = Duration.seconds(60)
  static let lookUpsPerSecond = 50

  private var hour: RateWindow
  private var second = RateWindow(limit: perSecond, per: .seconds(1))
  private var lookUps = RateWindow(limit: lookUpsPerSecond, per: .seconds(1))
  /// The turns of tables that wait. Waiting callers retry, so the wait ends by itself.
  private var turns: [Destination: Instant] = [:]
  private var seen: SeenTables
  private var missing = SeenTables(capacity: 20_000)
  private var missingUntil = Instant(nanoseconds: .min)

  init(tablesPerHour: Int, memory: Int = TableGuard.memory) {
    hour = RateWindow(limit: tablesPerHour, per: .seconds(3600))
    seen = SeenTables(capacity: memory)
  }

  /// How many tables are remembered.
  var known: Int { seen.count }

  /// - Parameters:
  ///   - isAllowed: Whether the allow-list has the table's id: then the hour does not count.
  ///   - latest: How long the row can wait for the table's turn.
  mutating func decide(
    _ table: Destination, isAllowed: Bool, now: Instant, latest: Instant
  ) -> Decision {
    if seen.contains(table) { return .own }
    if let turn = turns[table] {
      guard turn <= now else { return turn <= latest ? .wait(until: turn) : .busy }
      turns[table] = nil
      seen.insert(table)
      return .own
    }
    if isAllowed || hour.hasRoom(now), let turn = second.nextRoom(now) {
      guard turn <= max(now, latest) else { return .busy }
      if !isAllowed { hour.take(now) }
      second.take(turn)
      guard turn <= now else {
        turns[table] = turn
        return .wait(until: turn)
      }
      seen.insert(table)
      return .own
    }
    if now >= missingUntil {
      missing.removeAll()
      missingUntil = now + Self.absence
    }
    if missing.contains(table) { return .overflow }
    guard lookUps.hasRoom(now) else { return .overflow }
    lookUps.take(now)
    return .lookUp
  }

  /// Whether the table is known to exist.
  mutating func knows(_ table: Destination) -> Bool { seen.contains(table) }

  mutating func found(_ table: Destination) { seen.insert(table) }
  mutating func found(name: String) { seen.insert(name: name) }
  mutating func isMissing(_ table: Destination) { missing.insert(table) }
}
