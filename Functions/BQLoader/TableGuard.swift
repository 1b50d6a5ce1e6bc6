// SPDX-License-Identifier: MIT
import EventLoop

/// Bounds how many tables this process makes, whatever user ids somebody makes up; without I/O or a
/// clock.
///
/// A table that exists is never charged and never overflows. A new one takes from what an hour and a
/// second allow. When that is used up the table is looked up, as another process may have made it, and
/// what does not exist goes to the overflow table.
struct TableGuard {
  enum Decision: Equatable {
    /// Into its own table.
    case own
    /// Into the overflow table.
    case overflow
    /// Ask BigQuery whether the table exists, then call `found` or `isMissing`.
    case lookUp
  }

  /// BigQuery makes so many template tables a second in a project.
  static let perSecond = 10
  static let memory = 200_000
  /// A table that was missing is looked up again after so long: another process may have made it.
  static let absence = Duration.seconds(60)
  static let lookUpsPerSecond = 50

  private var hour: RateWindow
  private var second = RateWindow(limit: perSecond, per: .seconds(1))
  private var lookUps = RateWindow(limit: lookUpsPerSecond, per: .seconds(1))
  private var seen: SeenTables
  private var missing = SeenTables(capacity: 20_000)
  private var missingUntil = Instant(nanoseconds: .min)

  init(tablesPerHour: Int, memory: Int = TableGuard.memory) {
    hour = RateWindow(limit: tablesPerHour, per: .seconds(3600))
    seen = SeenTables(capacity: memory)
  }

  /// How many tables are remembered.
  var known: Int { seen.count }

  /// - Parameter isAllowed: Whether the allow-list has the table's id: then the hour does not count.
  mutating func decide(_ table: Destination, isAllowed: Bool, now: Instant) -> Decision {
    if seen.contains(table) { return .own }
    if isAllowed || hour.hasRoom(now), second.hasRoom(now) {
      if !isAllowed { hour.take(now) }
      second.take(now)
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
