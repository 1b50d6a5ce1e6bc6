// SPDX-License-Identifier: MIT
import EventLoop
import HTTPClient
import Synchronization

/// A value from the metadata server that all loops share: one request at a time, an early renewal, and
/// the old value for as long as it is good.
final class SharedValue: Sendable {
  struct Value: Sendable {
    let text: String
    let renewAt: Instant
    let endsAt: Instant
  }

  typealias Completion = (Result<String, CloudError>) -> Void

  private let url: String
  private let read: @Sendable ([UInt8], Instant) -> Value?
  private let state = Mutex(SharedValueState())

  init(url: String, read: @escaping @Sendable ([UInt8], Instant) -> Value?) {
    self.url = url
    self.read = read
  }

  var isKnown: Bool { state.withLock { $0.value != nil } }

  func set(_ value: Value) { state.withLock { $0.value = value } }

  func forget(_ text: String) { state.withLock { $0.forget(text) } }

  /// Calls `completion` on `loop`: at once if there is a good value.
  func get(_ loop: EventLoop, _ client: HTTPClient, _ completion: @escaping Completion) {
    let waiter = SharedValueState.Waiter(loop: loop.handle, completion: OnLoop(value: completion))
    let answer = state.withLock { $0.ask(now: loop.now, waiter) }
    if answer.mustFetch { fetch(loop, client) }
    if let result = answer.result { completion(result) }
  }

  private func fetch(_ loop: EventLoop, _ client: HTTPClient) {
    let request = OutgoingRequest(
      url: url, headers: ["Metadata-Flavor: Google"], timeout: .seconds(5),
      connectTimeout: .seconds(2), maxAnswer: 64 * 1024)
    client.send(request) { [self] result in
      let outcome: Result<Value, CloudError>
      switch result {
      case .failure(let error):
        outcome = .failure(CloudError("metadata server: \(error)"))
      // Only the real one, or its stand-in, sends the field back.
      case .success(let response)
      where response.status == 200 && response.header("Metadata-Flavor") == "Google":
        outcome =
          read(response.body, loop.now).map { .success($0) }
          ?? .failure(CloudError("metadata server: an answer that can't be used"))
      case .success(let response):
        outcome = .failure(CloudError("metadata server: status \(response.status)"))
      }
      let waiters = state.withLock { $0.fetched(outcome, now: loop.now) }
      for waiter in waiters {
        waiter.loop.post { waiter.completion.value(outcome.map(\.text)) }
      }
    }
  }
}

/// When to ask, who waits, what is still good; without I/O.
struct SharedValueState {
  struct Waiter: Sendable {
    let loop: EventLoop.Handle
    let completion: OnLoop<SharedValue.Completion>
  }

  var value: SharedValue.Value?
  private var isFetching = false
  private var nextFetch = Instant(nanoseconds: .min)
  private var lastError = CloudError("metadata server: not asked yet")
  private var waiters: [Waiter] = []

  /// After a failed request none is made for so long.
  static let pause = Duration.seconds(1)

  struct Answer {
    var result: Result<String, CloudError>?
    var mustFetch = false
  }

  mutating func ask(now: Instant, _ waiter: Waiter) -> Answer {
    var answer = Answer()
    let isGood = value.map { now < $0.endsAt } ?? false
    let isDue = value.map { now >= $0.renewAt } ?? true
    if isDue, !isFetching, now >= nextFetch {
      isFetching = true
      answer.mustFetch = true
    }
    if isGood, let value {
      answer.result = .success(value.text)
    } else if isFetching {
      waiters.append(waiter)
    } else {
      answer.result = .failure(lastError)
    }
    return answer
  }

  mutating func fetched(
    _ outcome: Result<SharedValue.Value, CloudError>, now: Instant
  ) -> [Waiter] {
    isFetching = false
    switch outcome {
    case .success(let fresh): value = fresh
    case .failure(let error):
      lastError = error
      nextFetch = now + Self.pause
    }
    defer { waiters = [] }
    return waiters
  }

  mutating func forget(_ text: String) {
    if value?.text == text { value = nil }
  }
}
