// SPDX-License-Identifier: MIT
import EventLoop
import Testing

@testable import BQLoader

/// One in a class, as `#expect` can't call what changes a value.
private final class HeldGuard {
  private var tables: TableGuard
  init(tablesPerHour: Int, memory: Int = TableGuard.memory) {
    tables = TableGuard(tablesPerHour: tablesPerHour, memory: memory)
  }
  var known: Int { tables.known }
  func decide(_ table: Destination, isAllowed: Bool, now: Instant) -> TableGuard.Decision {
    tables.decide(table, isAllowed: isAllowed, now: now)
  }
  func found(_ table: Destination) { tables.found(table) }
  func found(name: String) { tables.found(name: name) }
  func isMissing(_ table: Destination) { tables.isMissing(table) }
}

@Suite struct TableGuardTests {
  static func at(_ seconds: Double) -> Instant {
    Instant(nanoseconds: Int64(seconds * 1_000_000_000))
  }

  static func table(_ user: Int) -> Destination { Destination(table: "pixel", suffix: "_u\(user)") }

  @Test func `an hour's tables are counted from one to the next, not by the clock's hour`() {
    let tables = HeldGuard(tablesPerHour: 3)
    func decide(_ user: Int, _ seconds: Double) -> TableGuard.Decision {
      tables.decide(Self.table(user), isAllowed: false, now: Self.at(seconds))
    }
    #expect(decide(1, 0) == .own)
    #expect(decide(2, 1000) == .own)
    #expect(decide(3, 3599) == .own)
    #expect(decide(4, 3599) == .lookUp)
    #expect(decide(4, 3600) == .own)
    #expect(decide(5, 4599) == .lookUp)
    #expect(decide(5, 4600) == .own)
    for user in 1...5 { #expect(decide(user, 4600) == .own) }
  }

  @Test func `in no second are there more than ten, known ids or not`() {
    let tables = HeldGuard(tablesPerHour: 36_000)
    for user in 0..<10 {
      let now = Self.at(Double(user) / 100)
      #expect(tables.decide(Self.table(user), isAllowed: user % 2 == 0, now: now) == .own)
    }
    #expect(tables.decide(Self.table(10), isAllowed: true, now: Self.at(0.99)) == .lookUp)
    #expect(tables.decide(Self.table(10), isAllowed: true, now: Self.at(1.0)) == .own)
    #expect(tables.decide(Self.table(11), isAllowed: true, now: Self.at(1.0)) == .lookUp)
  }

  @Test func `a known id is not charged`() {
    let tables = HeldGuard(tablesPerHour: 1)
    #expect(tables.decide(Self.table(1), isAllowed: true, now: Self.at(0)) == .own)
    #expect(tables.decide(Self.table(2), isAllowed: false, now: Self.at(0)) == .own)
    #expect(tables.decide(Self.table(3), isAllowed: false, now: Self.at(1)) == .lookUp)
    #expect(tables.decide(Self.table(4), isAllowed: true, now: Self.at(1)) == .own)
  }

  @Test func `what exists is found once and what does not is asked for again after a minute`() {
    let tables = HeldGuard(tablesPerHour: 0)
    let mine = Self.table(1)
    #expect(tables.decide(mine, isAllowed: false, now: Self.at(0)) == .lookUp)
    tables.isMissing(mine)
    #expect(tables.decide(mine, isAllowed: false, now: Self.at(1)) == .overflow)
    #expect(tables.decide(mine, isAllowed: false, now: Self.at(59)) == .overflow)
    #expect(tables.decide(mine, isAllowed: false, now: Self.at(60)) == .lookUp)
    tables.found(mine)
    #expect(tables.decide(mine, isAllowed: false, now: Self.at(60)) == .own)
    tables.found(name: "pixel_u2")
    #expect(tables.decide(Self.table(2), isAllowed: false, now: Self.at(60)) == .own)
  }

  @Test func `a flood of new ids causes a bounded number of questions`() {
    let tables = HeldGuard(tablesPerHour: 0)
    var asked = 0
    for user in 0..<10_000 {
      let decision = tables.decide(
        Self.table(user), isAllowed: false, now: Self.at(Double(user) / 10_000))
      if decision == .lookUp { asked += 1 } else { #expect(decision == .overflow) }
    }
    #expect(asked == TableGuard.lookUpsPerSecond)
  }

  @Test func `memory is bounded, and what is in use is not forgotten`() {
    let tables = HeldGuard(tablesPerHour: 0, memory: 1000)
    let mine = Self.table(-1)
    tables.found(mine)
    for user in 0..<100_000 {
      tables.found(Self.table(user))
      if user % 100 == 0 {
        #expect(tables.decide(mine, isAllowed: false, now: Self.at(0)) == .own)
      }
    }
    #expect(tables.known <= 1000)
  }

  @Test func `a window of nothing has no room`() {
    var window = RateWindow(limit: 0, per: .seconds(1))
    #expect(!window.hasRoom(Self.at(0)))
    window.take(Self.at(0))
    #expect(!window.hasRoom(Self.at(100)))
  }
}
