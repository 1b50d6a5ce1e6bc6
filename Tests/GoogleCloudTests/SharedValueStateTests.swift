// SPDX-License-Identifier: MIT
import EventLoop
import Testing

@testable import GoogleCloud

@Suite struct SharedValueStateTests {
  private let loop: EventLoop
  private let waiter: SharedValueState.Waiter

  init() throws {
    loop = try EventLoop()
    waiter = .init(loop: loop.handle, completion: LoopBound({ _ in }, of: loop))
  }

  private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

  private func value(_ text: String, renew: Int64, end: Int64) -> SharedValue.Value {
    .init(text: text, renewAt: at(renew), endsAt: at(end))
  }

  /// What was asked for in words: the value, `error`, or `wait`; and `fetch` if one has to be made.
  private func ask(_ state: inout SharedValueState, _ seconds: Int64) -> String {
    let answer = state.ask(now: at(seconds), waiter)
    let result =
      switch answer.result {
      case .success(let text): text
      case .failure: "error"
      case nil: "wait"
      }
    return result + (answer.mustFetch ? " fetch" : "")
  }

  @Test func `the first to ask fetches, the others wait for the same answer`() {
    var state = SharedValueState()
    #expect(ask(&state, 0) == "wait fetch")
    #expect(ask(&state, 0) == "wait")
    #expect(ask(&state, 1) == "wait")
    #expect(state.fetched(.success(value("a", renew: 50, end: 100)), now: at(2)).count == 3)
    #expect(ask(&state, 2) == "a")
    #expect(state.fetched(.success(value("a", renew: 50, end: 100)), now: at(2)).count == 0)
  }

  @Test func `a value is renewed early, once, and serves until its end`() {
    var state = SharedValueState()
    state.value = value("old", renew: 50, end: 100)
    #expect(ask(&state, 49) == "old")
    #expect(ask(&state, 50) == "old fetch")
    #expect(ask(&state, 60) == "old")
    #expect(ask(&state, 99) == "old")
    #expect(ask(&state, 100) == "wait")
    let waiters = state.fetched(.success(value("new", renew: 150, end: 200)), now: at(101))
    #expect(waiters.count == 1)
    #expect(ask(&state, 101) == "new")
  }

  @Test func `a renewal that fails leaves the value, and is tried again after a pause`() {
    var state = SharedValueState()
    state.value = value("old", renew: 50, end: 100)
    #expect(ask(&state, 50) == "old fetch")
    #expect(state.fetched(.failure(CloudError("down")), now: at(51)).isEmpty)
    #expect(ask(&state, 51) == "old")
    #expect(ask(&state, 52) == "old fetch")
  }

  @Test func `without a value a failure is told to all, and for a pause nobody asks again`() {
    var state = SharedValueState()
    #expect(ask(&state, 0) == "wait fetch")
    #expect(ask(&state, 0) == "wait")
    #expect(state.fetched(.failure(CloudError("down")), now: at(1)).count == 2)
    #expect(ask(&state, 1) == "error")
    #expect(ask(&state, 2) == "wait fetch")
  }

  @Test func `a value that was refused is forgotten, but only that one`() {
    var state = SharedValueState()
    state.value = value("new", renew: 50, end: 100)
    state.forget("old")
    #expect(ask(&state, 1) == "new")
    state.forget("new")
    #expect(ask(&state, 1) == "wait fetch")
  }
}

@Suite struct AccessTokenAnswerTests {
  private let now = Instant(nanoseconds: 1_000_000_000_000)

  private func read(_ text: String) -> SharedValue.Value? {
    AccessTokenAnswer.read(Array(text.utf8), now: now)
  }

  @Test(arguments: [(3599, 3599 - 225), (451, 226), (450, 225), (100, 50), (0, 0), (-5, 0)])
  func `a token is renewed before it ends`(_ life: Int, _ renewal: Int) throws {
    let value = try #require(
      read(#"{"access_token":"t","expires_in":\#(life),"token_type":"Bearer"}"#))
    #expect(value.text == "t")
    #expect(value.renewAt == now + .seconds(renewal))
    #expect(value.endsAt == now + .seconds(max(life, 0)))
  }

  @Test func `no life is longer than a day`() throws {
    let value = try #require(read(#"{"access_token":"t","expires_in":9223372036854775807}"#))
    #expect(value.endsAt == now + .seconds(86_400))
  }

  @Test(arguments: [
    "", "[]", "{}", "null", #"{"access_token":"t"}"#, #"{"expires_in":5}"#,
    #"{"access_token":"","expires_in":5}"#, #"{"access_token":5,"expires_in":5}"#,
    #"{"access_token":"a\r\nX: b","expires_in":5}"#,
    #"{"access_token":"t","expires_in":5} x"#, #"{"access_token":"t","expires_in":1e999}"#,
  ])
  func `what is no token is none`(_ text: String) { #expect(read(text) == nil) }
}
