// SPDX-License-Identifier: MIT
import EventLoop
import HTTPClient
import Synchronization

/// A value from another server that all loops share: one request at a time, an early renewal, and
/// the old value for as long as it is good.
final class SharedValue: Sendable {
  struct Value: Sendable {
    let text: String
    let renewAt: Instant
    let endsAt: Instant
  }

  typealias Completion = (Result<String, CloudError>) -> Void

  /// The name of the server that has the value, for error messages.
  private let source: String
  private let request: @Sendable () -> OutgoingRequest?
  private let read: @Sendable (IncomingResponse, Instant) -> Value?
  private let state = Mutex(SharedValueState())

  /// - Parameters:
  ///   - request: Makes a request; nil if that is not possible.
  ///   - read: Reads an answer of status 200; nil if it is not one to be trusted or used.
  init(
    source: String, request: @escaping @Sendable () -> OutgoingRequest?,
    read: @escaping @Sendable (IncomingResponse, Instant) -> Value?
  ) {
    self.source = source
    self.request = request
    self.read = read
  }

  var isKnown: Bool { state.withLock { $0.value != nil } }

  func set(_ value: Value) { state.withLock { $0.value = value } }

  func forget(_ text: String) { state.withLock { $0.forget(text) } }

  /// Calls `completion` on `loop`: at once if there is a good value.
  func get(_ loop: EventLoop, _ client: HTTPClient, _ completion: @escaping Completion) {
    let waiter = SharedValueState.Waiter(
      loop: loop.handle, completion: LoopBound(completion, of: loop))
    let answer = state.withLock { $0.ask(now: loop.now, waiter) }
    if answer.mustFetch { fetch(loop, client) }
    if let result = answer.result { completion(result) }
  }

  private func fetch(_ loop: EventLoop, _ client: HTTPClient) {
    guard let request = request() else {
      return fetched(.failure(CloudError("\(source): the request can't be made")), loop)
    }
    client.send(request) { [self] result in
      switch result {
      case .failure(let error): fetched(.failure(CloudError("\(source): \(error)")), loop)
      case .success(let response) where response.status == 200:
        fetched(
          read(response, loop.now).map { .success($0) }
            ?? .failure(CloudError("\(source): an answer that can't be used")), loop)
      case .success(let response):
        fetched(.failure(CloudError("\(source): status \(response.status)")), loop)
      }
    }
  }

  private func fetched(_ outcome: Result<Value, CloudError>, _ loop: EventLoop) {
    let waiters = state.withLock { $0.fetched(outcome, now: loop.now) }
    for waiter in waiters {
      waiter.loop.post { waiter.completion.value(outcome.map(\.text)) }
    }
  }
}

/// The decisions of a shared value: when to ask, which callers wait, whether the old value is still good;
/// without I/O.
struct SharedValueState {
  struct Waiter: Sendable {
    let loop: EventLoop.Handle
    let completion: LoopBound<SharedValue.Completion>
  }

  var value: SharedValue.Value?
  private var isFetching = false
  private var nextFetch = Instant(nanoseconds: .min)
  private var lastError = CloudError("not asked yet")
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
