// SPDX-License-Identifier: MIT
import EventLoop
import Testing

@testable import HTTPClient

@Suite final class HostStateTests {
  private var state = HostState()

  private static func at(_ seconds: Double) -> Instant {
    Instant(nanoseconds: 0) + .milliseconds(Int64(seconds * 1000))
  }

  private func use(at seconds: Double) -> (use: HostState.Use, mustAsk: Bool) {
    state.use(now: Self.at(seconds))
  }

  private func doubt(at seconds: Double) -> Bool { state.doubt(now: Self.at(seconds)) }

  @Test func `the first request asks, and all wait for that answer`() {
    #expect(use(at: 0) == (.wait, true))
    #expect(use(at: 0) == (.wait, false))
    #expect(use(at: 100) == (.wait, false))
    state.answered("192.0.2.1", now: Self.at(100))
    #expect(use(at: 100) == (.now, false))
  }

  @Test func `a known name is asked for again beside the requests`() {
    _ = use(at: 0)
    state.answered("192.0.2.1", now: Self.at(0))
    #expect(use(at: 29) == (.now, false))
    #expect(use(at: 30) == (.now, true))
    #expect(use(at: 30) == (.now, false))
    state.failed("no answer")
    #expect(state.addresses == "192.0.2.1")
    #expect(use(at: 30.5) == (.now, false))
    #expect(use(at: 31) == (.now, true))
  }

  @Test func `after a failed request the name is asked for at once, once a second`() {
    _ = use(at: 0)
    state.answered("192.0.2.1", now: Self.at(0))
    #expect(doubt(at: 2))
    #expect(!doubt(at: 2))
    state.answered("192.0.2.2", now: Self.at(2.1))
    #expect(!doubt(at: 2.5))
    // The next request asks as soon as it may.
    #expect(use(at: 2.9) == (.now, false))
    #expect(use(at: 3) == (.now, true))
  }

  @Test func `a name that can't be resolved fails at once for a second`() {
    _ = use(at: 0)
    state.failed("no such name")
    #expect(use(at: 0.9) == (.failed("no such name"), false))
    #expect(use(at: 1) == (.wait, true))
  }

  @Test func `each request brings the news until one that brought it has ended`() {
    _ = use(at: 0)
    #expect(state.news == nil)
    state.answered("a", now: Self.at(0))
    #expect(state.news?.version == 1)
    #expect(state.news?.addresses == "a")
    state.heard(1)
    #expect(state.news == nil)
    state.answered("b", now: Self.at(1))
    state.heard(1)
    #expect(state.news?.addresses == "b")
  }
}
