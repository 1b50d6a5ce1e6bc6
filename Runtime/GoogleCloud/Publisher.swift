// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import HTTPClient

/// Publishes messages to one topic, many in one request.
///
/// When no request is in flight, the messages of one turn of the loop leave at its end, so that a single
/// message never waits. While requests are in flight the next batch fills, until it is full, a request has
/// ended, or `linger` is over.
public final class Publisher {
  /// Requests on their way at once, those that wait for their next attempt included.
  static let maxRequests = 4
  static let linger = Duration.milliseconds(5)

  private let caller: CloudCaller
  private let cloud: CloudSettings
  private let topic: TopicName
  private let timeout: Duration
  private let backoff = Backoff()
  private var open: PublishBatch?
  /// Batches that were filled while no request could be sent.
  private var full: [PublishBatch] = []
  private var requests = 0
  /// The size of the last request, so that the next one need not grow to it.
  private var usualBytes = 4096
  private var flushScheduled = false
  private var expiryScheduled = false
  /// The end of the last linger that a timer was set for.
  private var lingerUntil = Instant(nanoseconds: .min)

  /// - Parameters:
  ///   - caller: The loop that publishes, with its client and log.
  ///   - cloud: Where Pub/Sub is, and the access to it.
  ///   - topic: Gets the messages.
  ///   - timeout: From `publish` to a failure at the latest; attempts are repeated within.
  public init(caller: CloudCaller, cloud: CloudSettings, topic: TopicName, timeout: Duration) {
    self.caller = caller
    self.cloud = cloud
    self.topic = topic
    self.timeout = timeout
  }

  /// Publishes one message. `completion` runs later on the loop, once Pub/Sub has the message or when
  /// that has failed for good or for too long. A message whose answer was lost may be published twice.
  public func publish(
    data: Span<UInt8>, attributes: [(name: StaticString, value: String)] = [],
    _ completion: @escaping (Result<Void, CloudError>) -> Void
  ) {
    var bytes = data.count
    for (name, value) in attributes { bytes += name.utf8CodeUnitCount + value.utf8.count }
    guard bytes <= PublishBatch.maxBytes else {
      let why = "Pub/Sub: a message of \(bytes) bytes is over its limit"
      return caller.loop.atTurnEnd { completion(.failure(CloudError(why))) }
    }
    // Not bound to a name: a second reference to the batch would make the next line that adds to it copy
    // all that is in it.
    if open?.hasRoom(for: bytes) == false, let batch = open.take() { full.append(batch) }
    if open == nil { begin() }
    open?.add(data: data, attributes: attributes, bytes: bytes, completion)
    scheduleFlush()
  }

  // MARK: When to send

  private func begin() {
    let now = caller.loop.now
    let deadline = now + timeout
    open = PublishBatch(begun: now, deadline: deadline, capacity: usualBytes)
    scheduleExpiry(at: deadline)
  }

  /// One timer serves all waiting messages, and is set only while a message waits.
  private func scheduleExpiry(at deadline: Instant) {
    guard !expiryScheduled else { return }
    expiryScheduled = true
    caller.loop.schedule(at: deadline) { [weak self] in self?.expire() }
  }

  private func scheduleFlush() {
    guard !flushScheduled else { return }
    flushScheduled = true
    caller.loop.atTurnEnd { [weak self] in self?.flush(slotFreed: false) }
  }

  private func flush(slotFreed: Bool) {
    flushScheduled = false
    while requests < Self.maxRequests, !full.isEmpty { send(full.removeFirst()) }
    guard let begun = open?.begun, requests < Self.maxRequests else { return }
    let due = begun + Self.linger
    if requests == 0 || slotFreed || caller.loop.now >= due {
      // Not bound to a name: see `publish`.
      send(open.take())
    } else if lingerUntil < due {
      lingerUntil = due
      caller.loop.schedule(at: due) { [weak self] in self?.flush(slotFreed: false) }
    }
  }

  /// Fails the messages that could not even be sent in time.
  private func expire() {
    expiryScheduled = false
    let now = caller.loop.now
    var late = full.filter { $0.deadline <= now }
    full.removeAll { $0.deadline <= now }
    if let batch = open, batch.deadline <= now {
      open = nil
      late.append(batch)
    }
    for batch in late { fail(batch, "Pub/Sub: no request could be sent in time") }
    let waiting = full.map(\.deadline) + (open.map { [$0.deadline] } ?? [])
    if let next = waiting.min() { scheduleExpiry(at: next) }
  }

  // MARK: Sending

  private func send(_ taken: consuming PublishBatch?) {
    guard var batch = taken.take() else { return }
    requests += 1
    batch.close()
    usualBytes = min(max(batch.requestBytes, usualBytes - usualBytes / 8, 4096), 1 << 20)
    attempt(batch)
  }

  private func attempt(_ batch: PublishBatch) {
    cloud.access.withProject(caller.loop, caller.client) { [self] project in
      cloud.access.withAuthorization(for: cloud.pubSub, caller.loop, caller.client) {
        [self] token in
        switch (project, token) {
        case (.success(let project), .success(let authorization)):
          caller.learned(project)
          post(batch, project, authorization)
        case (.failure(let error), _), (_, .failure(let error)):
          again(batch, retryAfter: nil, error.description)
        }
      }
    }
  }

  private func post(_ batch: PublishBatch, _ project: String, _ authorization: String?) {
    let left = batch.deadline - caller.loop.now
    guard left > .zero else { return finish { $0.fail(batch, "Pub/Sub: out of time") } }
    var headers = ["Content-Type: application/json"]
    if let authorization { headers.append("Authorization: \(authorization)") }
    let request = OutgoingRequest(
      method: "POST", url: cloud.pubSub.base + topic.publishPath(in: project), headers: headers,
      body: batch.request, timeout: max(left, .milliseconds(10)), maxAnswer: 1 << 20)
    caller.client.send(request) { [self] result in
      switch PublishAnswer(result, messages: batch.count) {
      case .published:
        finish { _ in for completion in batch.completions { completion(.success(())) } }
      case .again(let retryAfter, let why): again(batch, retryAfter: retryAfter, why)
      case .newToken:
        cloud.access.refused(authorization)
        again(batch, retryAfter: nil, "Pub/Sub: status 401", atOnce: batch.failures == 0)
      case .split(let why) where batch.count > 1:
        caller.log.warning("A publish request is sent again in halves.", ["detail": .text(why)])
        let (first, second) = batch.halves()
        full += [first, second]
        scheduleExpiry(at: batch.deadline)
        finish { _ in }
      case .split(let why), .failed(let why):
        finish { $0.fail(batch, why) }
      }
    }
  }

  private func again(
    _ batch: PublishBatch, retryAfter: Int?, _ why: String, atOnce: Bool = false
  ) {
    var batch = batch
    batch.failures += 1
    let wait = atOnce ? .zero : backoff.wait(after: batch.failures, retryAfter: retryAfter)
    guard caller.loop.now + wait < batch.deadline else { return finish { $0.fail(batch, why) } }
    caller.loop.schedule(after: wait) { [self] in attempt(batch) }
  }

  private func fail(_ batch: PublishBatch, _ why: String) {
    caller.log.warning(
      "Messages could not be published.",
      ["detail": .text(why), "topic": .text(topic.id), "count": .number(batch.count)])
    for completion in batch.completions { completion(.failure(CloudError(why))) }
  }

  /// A request has ended: its messages are settled, and the next batch may go.
  private func finish(_ settle: (Publisher) -> Void) {
    requests -= 1
    settle(self)
    flush(slotFreed: true)
  }
}
