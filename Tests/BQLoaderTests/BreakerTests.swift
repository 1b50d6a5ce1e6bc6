// SPDX-License-Identifier: MIT
import EventLoop
import Testing

@testable import BQLoader

/// One in a class, as `#expect` can't call what changes a value.
private final class HeldBreaker {
  private var breaker = Breaker()
  var isOpen: Bool { breaker.isOpen }
  func refuses(_ now: Instant) -> Bool { breaker.refuses(now) }
  func permit(_ now: Instant) -> Breaker.Permission { breaker.permit(now) }
  func answered() -> Bool { breaker.answered() }
  func failed(_ now: Instant, random: Double) -> Bool { breaker.failed(now, random: random) }
  func unsent(_ now: Instant) { breaker.unsent(now) }
}

@Suite struct BreakerTests {
  static func at(_ seconds: Double) -> Instant {
    Instant(nanoseconds: Int64(seconds * 1_000_000_000))
  }

  /// One that opened at second 10, with the longest pause that chance gives.
  fileprivate static func opened() -> HeldBreaker {
    let breaker = HeldBreaker()
    for second in [6.0, 7, 8, 9] { _ = breaker.failed(at(second), random: 1) }
    _ = breaker.failed(at(10), random: 1)
    return breaker
  }

  @Test func `many failures in a moment, or few over a long time, do not open it`() {
    let quick = HeldBreaker()
    for _ in 0..<100 { #expect(!quick.failed(Self.at(1), random: 1)) }
    #expect(quick.permit(Self.at(1)) == .yes)
    let slow = HeldBreaker()
    for second in [1.0, 100, 200, 300] { #expect(!slow.failed(Self.at(second), random: 1)) }
    #expect(slow.permit(Self.at(300)) == .yes)
  }

  @Test func `any answer starts the count anew`() {
    let breaker = HeldBreaker()
    for second in 0..<100 {
      #expect(!breaker.failed(Self.at(Double(second)), random: 1))
      if second % 4 == 3 { #expect(!breaker.answered()) }
    }
    #expect(!breaker.isOpen)
  }

  @Test func `open it refuses until its pause is over, then lets one through`() {
    let breaker = Self.opened()
    #expect(breaker.isOpen)
    #expect(breaker.refuses(Self.at(10)))
    #expect(breaker.refuses(Self.at(10.49)))
    #expect(breaker.permit(Self.at(10.49)) == .no)
    #expect(!breaker.refuses(Self.at(10.5)))
    #expect(breaker.permit(Self.at(10.5)) == .yes)
    #expect(breaker.permit(Self.at(10.5)) == .no)
    #expect(breaker.refuses(Self.at(99)))
  }

  @Test func `the probe's answer closes it`() {
    let breaker = Self.opened()
    _ = breaker.permit(Self.at(11))
    #expect(breaker.answered())
    #expect(breaker.permit(Self.at(11)) == .yes)
    #expect(!breaker.answered())
  }

  @Test func `pauses grow to two seconds, so that the end of an outage is soon seen`() {
    let breaker = Self.opened()
    var now = 10.5
    for pause in [1.0, 2, 2, 2] {
      #expect(breaker.permit(Self.at(now)) == .yes)
      #expect(!breaker.failed(Self.at(now), random: 1))
      #expect(breaker.refuses(Self.at(now + pause - 0.01)))
      #expect(!breaker.refuses(Self.at(now + pause)))
      now += pause
    }
  }

  @Test func `chance makes pauses shorter, never nothing`() {
    let breaker = Self.opened()
    _ = breaker.permit(Self.at(11))
    _ = breaker.failed(Self.at(11), random: 0)
    #expect(breaker.refuses(Self.at(11.09)))
    #expect(!breaker.refuses(Self.at(11.1)))
  }

  @Test func `failures of inserts from before leave an open one as it is`() {
    let breaker = Self.opened()
    #expect(!breaker.failed(Self.at(10.4), random: 1))
    #expect(!breaker.refuses(Self.at(10.5)))
  }

  @Test func `a probe that could not leave is followed by another`() {
    let breaker = Self.opened()
    _ = breaker.permit(Self.at(11))
    breaker.unsent(Self.at(11))
    #expect(breaker.refuses(Self.at(11.4)))
    #expect(breaker.permit(Self.at(11.5)) == .yes)
  }
}
