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
  func decide(
    _ table: Destination, isAllowed: Bool, now: Instant, patience: Duration = .seconds(20)
  ) -> TableGuard.Decision {
    tables.decide(table, isAllowed: isAllowed, now: now, latest: now + patience)
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

  @Test func `in no second are there more than ten, known ids or not, and the rest take turns`() {
    let tables = HeldGuard(tablesPerHour: 36_000)
    func decide(_ user: Int, _ seconds: Double) -> TableGuard.Decision {
      tables.decide(Self.table(user), isAllowed: user % 2 == 0, now: Self.at(seconds))
    }
    for user in 0..<10 { #expect(decide(user, Double(user) / 100) == .own) }
    #expect(decide(10, 0.5) == .wait(until: Self.at(1.0)))
    #expect(decide(11, 0.6) == .wait(until: Self.at(1.01)))
    // More rows of the same table wait for the same turn.
    #expect(decide(10, 0.99) == .wait(until: Self.at(1.0)))
    #expect(
      tables.decide(Self.table(10), isAllowed: true, now: Self.at(0.9), patience: .zero) == .busy)
    #expect(decide(10, 1.0) == .own)
    // A turn is kept from whoever comes later.
    #expect(decide(12, 1.01) == .wait(until: Self.at(1.02)))
    #expect(decide(11, 1.01) == .own)
    #expect(decide(11, 1.02) == .own)
  }

  @Test func `a burst of an hour's tables is made in turn, and what is beyond it comes again`() {
    let tables = HeldGuard(tablesPerHour: 36_000)
    var turns: [Instant] = []
    for user in 0..<300 {
      switch tables.decide(Self.table(user), isAllowed: false, now: Self.at(0)) {
      case .own: turns.append(Self.at(0))
      case .wait(let turn): turns.append(turn)
      case .busy: #expect(user >= 210)
      case let other: Issue.record("\(other)")
      }
    }
    #expect(turns.count == 210)
    #expect(turns.last == Self.at(20))
    for (first, eleventh) in zip(turns, turns.dropFirst(10)) {
      #expect(eleventh - first >= .seconds(1))
    }
    // What waits has been charged, what was sent away has not.
    let few = HeldGuard(tablesPerHour: 12)
    for user in 0..<12 {
      let decision = few.decide(Self.table(user), isAllowed: false, now: Self.at(0))
      #expect(decision == (user < 10 ? .own : .wait(until: Self.at(1))))
    }
    #expect(few.decide(Self.table(12), isAllowed: false, now: Self.at(5)) == .lookUp)
    #expect(few.decide(Self.table(11), isAllowed: false, now: Self.at(5)) == .own)
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
