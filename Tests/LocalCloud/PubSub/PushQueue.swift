// SPDX-License-Identifier: MIT

/// The messages of one push subscription that are not acknowledged yet: ready, waiting for their
/// next attempt, or in flight. Knows no I/O; the time comes with each call.
struct PushQueue {
  /// One attempt, to be answered by `answered(_:acknowledged:at:)` or else to expire.
  struct Delivery: Equatable {
    var token: Int
    var message: Message.ID
    /// 1 for the first.
    var attempt: Int
  }

  enum Outcome: Equatable {
    case acknowledged(Message.ID)
    /// Comes again later.
    case again(Message.ID)
    /// Has used up its attempts: belongs to the dead-letter topic.
    case exhausted(Message.ID, attempts: Int)
    /// The attempt had already expired, so the answer counts for nothing.
    case late
  }

  var ackDeadline: Duration
  var retry: RetryPolicy
  /// With a dead-letter policy.
  var maximumAttempts: Int?
  private(set) var window: PushWindow

  private var ready: [Message.ID] = []
  private var readyHead = 0
  private var waiting = DueHeap()
  private var inFlight: [Int: (delivery: Delivery, deadline: Duration)] = [:]
  /// Of messages that have failed at least once.
  private var failures: [Message.ID: Int] = [:]
  private var lastToken = 0

  init(
    ackDeadline: Duration = .seconds(10), retry: RetryPolicy = RetryPolicy(),
    maximumAttempts: Int? = nil, maximumOutstanding: Int = 128
  ) {
    (self.ackDeadline, self.retry, self.maximumAttempts) = (ackDeadline, retry, maximumAttempts)
    window = PushWindow(limit: maximumOutstanding)
  }

  var count: Int { ready.count - readyHead + waiting.count + inFlight.count }
  var outstanding: Int { inFlight.count }
  /// Messages that wait for another attempt.
  var retrying: Int { waiting.count }

  mutating func enqueue(_ id: Message.ID) { ready.append(id) }

  /// The next push to make now, if there is one and the window has room.
  mutating func next(at now: Duration) -> Delivery? {
    guard inFlight.count < window.size, now >= window.pausedUntil, let id = takeNext(now) else {
      return nil
    }
    lastToken += 1
    let delivery = Delivery(token: lastToken, message: id, attempt: failures[id, default: 0] + 1)
    inFlight[lastToken] = (delivery, now + ackDeadline)
    return delivery
  }

  /// Those that have failed come before new ones once they are due.
  private mutating func takeNext(_ now: Duration) -> Message.ID? {
    if let (due, id) = waiting.first, due <= now {
      waiting.removeFirst()
      return id
    }
    guard readyHead < ready.count else { return nil }
    defer {
      readyHead += 1
      if readyHead > 1_024, readyHead * 2 > ready.count {
        ready.removeFirst(readyHead)
        readyHead = 0
      }
    }
    return ready[readyHead]
  }

  mutating func answered(_ token: Int, acknowledged: Bool, at now: Duration) -> Outcome {
    guard let (delivery, _) = inFlight.removeValue(forKey: token) else { return .late }
    if acknowledged {
      window.succeeded()
      failures[delivery.message] = nil
      return .acknowledged(delivery.message)
    }
    window.failed(at: now)
    return failed(delivery, at: now)
  }

  /// Takes back what was not answered within the deadline: the same as a refusal.
  mutating func expire(at now: Duration) -> [Outcome] {
    let overdue = inFlight.values.filter { $0.deadline <= now }.map(\.delivery)
    return overdue.sorted { $0.token < $1.token }.map { delivery in
      inFlight[delivery.token] = nil
      window.failed(at: now)
      return failed(delivery, at: now)
    }
  }

  private mutating func failed(_ delivery: Delivery, at now: Duration) -> Outcome {
    if let maximumAttempts, delivery.attempt >= maximumAttempts {
      failures[delivery.message] = nil
      return .exhausted(delivery.message, attempts: delivery.attempt)
    }
    failures[delivery.message] = delivery.attempt
    waiting.insert(
      delivery.message, due: now + retry.delay(afterFailures: delivery.attempt))
    return .again(delivery.message)
  }

  /// When `next` or `expire` will have something to do; nil if only an answer or a new message can
  /// bring that.
  var nextWake: Duration? {
    var wake = inFlight.values.map(\.deadline).min()
    if inFlight.count < window.size {
      var due = waiting.first?.due
      if readyHead < ready.count { due = .zero }
      if let due { wake = min(wake ?? .seconds(Int64.max / 4), max(due, window.pausedUntil)) }
    }
    return wake
  }

  /// The oldest message that is not acknowledged yet.
  var oldest: Message.ID? {
    let flying = inFlight.values.map(\.delivery.message).min()
    let queued = ready[readyHead...].min()
    let failed = failures.keys.min()
    return [flying, queued, failed].compactMap { $0 }.min()
  }

  /// All messages that are not acknowledged.
  var all: Set<Message.ID> {
    Set(ready[readyHead...]).union(failures.keys).union(inFlight.values.map(\.delivery.message))
  }

  /// Takes over the messages of the queue that this one replaces.
  mutating func adopt(_ old: PushQueue) {
    lastToken = old.lastToken
    for id in old.all.sorted() { enqueue(id) }
  }

  /// Forgets all messages. Answers that are still to come count for nothing.
  mutating func removeAll() {
    (ready, readyHead, waiting) = ([], 0, DueHeap())
    inFlight = [:]
    failures = [:]
    window = PushWindow(limit: window.limit)
  }
}
