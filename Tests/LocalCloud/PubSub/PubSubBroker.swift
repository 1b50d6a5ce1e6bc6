// SPDX-License-Identifier: MIT
import Foundation

/// Topics, push subscriptions and the messages on their way: at least once, until acknowledged or
/// moved to a dead-letter topic. Messages are in the journal before `publish` returns.
public final class PubSubBroker {
  public let project: String
  private(set) var topics: [String: Topic] = [:]
  private(set) var subscriptions: [String: Subscription] = [:]
  private(set) var queues: [String: PushQueue] = [:]
  private(set) var lastMessageID: Message.ID
  let rejections: RejectionStore

  private let journal: Journal
  private var messages: [Message.ID: Stored] = [:]
  private let maximumOutstanding: Int

  struct Topic {
    var subscriptions: Set<String> = []
    /// Its messages are kept as rejections instead of being pushed.
    var keepsRejections = false
    var published = 0
    /// The last messages, to be looked at.
    var recent: [Message] = []

    mutating func forget() { (published, recent) = (0, []) }

    mutating func took(_ messages: [Message]) {
      published += messages.count
      // A message may be megabytes long, and nobody looks at those.
      recent += messages.suffix(20).filter { $0.data.utf8.count < 100_000 }
      recent.removeFirst(max(0, recent.count - 20))
    }
  }

  private struct Stored {
    var message: Message
    /// How many subscriptions have not acknowledged it.
    var pending: Int
  }

  /// Opens the folder; what was published and not acknowledged before is due again.
  public init(folder: String, project: String, maximumOutstanding: Int = 128, at moment: Moment)
    throws
  {
    self.project = project
    self.maximumOutstanding = maximumOutstanding
    try LineFile.makeFolder(folder)
    journal = try Journal("\(folder)/journal.ndjson")
    rejections = try RejectionStore("\(folder)/rejections.ndjson")
    // Grows with the clock, so that no id comes twice though the last one is not remembered.
    lastMessageID = moment.unix
    try restore()
  }

  private func restore() throws {
    var pending: [String: Set<Message.ID>] = [:]
    try journal.replay { entry in
      switch entry {
      case .topic(let name): topics[name] = Topic()
      case .published(let name, let count): topics[name]?.published = count
      case .subscription(let subscription): attach(subscription)
      case .deletedSubscription(let name): detach(name)
      case .message(let message):
        messages[message.id] = Stored(message: message, pending: 0)
        lastMessageID = max(lastMessageID, message.id)
        topics[message.topic]?.published += 1
        for name in topics[message.topic]?.subscriptions ?? [] {
          pending[name, default: []].insert(message.id)
        }
      case .acknowledged(let id, let name): pending[name]?.remove(id)
      }
    }
    for (name, ids) in pending where queues[name] != nil {
      for id in ids.sorted() {
        queues[name]?.enqueue(id)
        messages[id]?.pending += 1
      }
    }
    messages = messages.filter { $0.value.pending > 0 }
    try compact()
  }

  /// Rewrites the journal with what still matters.
  private func compact() throws {
    var entries = topics.keys.sorted().map { Journal.Entry.topic($0) }
    entries += subscriptions.values.sorted { $0.name < $1.name }.map { .subscription($0) }
    for (name, topic) in topics {
      let live = messages.values.count { $0.message.topic == name }
      entries.append(.published(name, topic.published - live))
    }
    let pending = queues.mapValues(\.all)
    for (id, stored) in messages.sorted(by: { $0.key < $1.key }) {
      entries.append(.message(stored.message))
      for name in topics[stored.message.topic]?.subscriptions ?? [] {
        if pending[name]?.contains(id) != true { entries.append(.acknowledged(id, by: name)) }
      }
    }
    try journal.replace(with: entries)
  }

  private func compactIfMostlyDone() throws {
    if journal.count > 50_000, journal.count > 8 * messages.count { try compact() }
  }

  private func attach(_ subscription: Subscription) {
    topics[subscription.topic, default: Topic()].subscriptions.insert(subscription.name)
    subscriptions[subscription.name] = subscription
    var queue = PushQueue(
      ackDeadline: subscription.ackDeadline, retry: subscription.retry,
      maximumAttempts: subscription.deadLetter?.maximumAttempts,
      maximumOutstanding: maximumOutstanding)
    if let old = queues[subscription.name] { queue.adopt(old) }
    queues[subscription.name] = queue
  }

  private func detach(_ name: String) {
    guard let subscription = subscriptions.removeValue(forKey: name) else { return }
    topics[subscription.topic]?.subscriptions.remove(name)
    for id in queues.removeValue(forKey: name)?.all ?? [] { release(id) }
  }

  private func release(_ id: Message.ID) {
    messages[id]?.pending -= 1
    if let stored = messages[id], stored.pending <= 0 { messages[id] = nil }
  }

  /// A write that fails must not be answered with success.
  private func record(_ entries: [Journal.Entry]) throws(GoogleError) {
    do { try journal.append(entries) } catch { throw .internalError("\(error)") }
  }
}

// What administrators and publishers do.
extension PubSubBroker {
  public func topicName(_ short: String) -> String { "projects/\(project)/topics/\(short)" }

  public func createTopic(_ name: String) throws(GoogleError) {
    guard topics[name] == nil else {
      throw Self.exists(name)
    }
    try record([.topic(name)])
    topics[name] = Topic()
  }

  /// Makes a topic whose messages are kept to be looked at.
  public func createRejectionTopic(_ name: String) throws(GoogleError) {
    if topics[name] == nil { try createTopic(name) }
    topics[name]?.keepsRejections = true
    topics[name]?.published = rejections.topics[name] ?? 0
  }

  /// Makes the subscription, or changes it and keeps its messages.
  public func setSubscription(_ subscription: Subscription) throws(GoogleError) {
    guard topics[subscription.topic] != nil else { throw Self.missing(subscription.topic) }
    if let target = subscription.deadLetter?.topic, topics[target] == nil {
      throw Self.missing(target)
    }
    if subscriptions[subscription.name] == subscription { return }
    try record([.subscription(subscription)])
    attach(subscription)
  }

  func deleteSubscription(_ name: String) throws(GoogleError) {
    guard subscriptions[name] != nil else { throw Self.missing(name) }
    try record([.deletedSubscription(name)])
    detach(name)
  }

  static func exists(_ name: String) -> GoogleError {
    let short = name.split(separator: "/").last ?? ""
    return GoogleError(
      409, "ALREADY_EXISTS", "Resource already exists in the project (resource=\(short)).")
  }

  static func missing(_ name: String) -> GoogleError {
    let short = name.split(separator: "/").last ?? ""
    return GoogleError(404, "NOT_FOUND", "Resource not found (resource=\(short)).")
  }

  /// Takes the messages for all subscriptions of the topic. When this returns they are on disk.
  @discardableResult
  func publish(_ new: [Message], to topicName: String, at moment: Moment) throws(GoogleError)
    -> [Message.ID]
  {
    guard let topic = topics[topicName] else { throw Self.missing(topicName) }
    let first = lastMessageID
    let stamped = new.enumerated().map { index, message in
      var message = message
      message.id = first + Int64(index) + 1
      message.topic = topicName
      message.publishTime = Self.milliseconds(moment)
      return message
    }
    if !topic.subscriptions.isEmpty { try record(stamped.map { .message($0) }) }
    if topic.keepsRejections {
      do { try rejections.append(stamped) } catch { throw .internalError("\(error)") }
    }
    lastMessageID += Int64(new.count)
    topics[topicName]?.took(stamped)
    for message in stamped where !topic.subscriptions.isEmpty {
      messages[message.id] = Stored(message: message, pending: topic.subscriptions.count)
      for name in topic.subscriptions { queues[name]?.enqueue(message.id) }
    }
    return stamped.map(\.id)
  }

  private static func milliseconds(_ moment: Moment) -> String {
    String(moment.timestamp.dropLast(4)) + "Z"
  }

  /// Forgets all messages; topics and subscriptions stay.
  func reset() throws {
    for name in queues.keys { queues[name]?.removeAll() }
    for name in topics.keys { topics[name]?.forget() }
    messages = [:]
    try rejections.removeAll()
    try compact()
  }
}

// What pushing needs.
extension PubSubBroker {
  /// The pushes to make now; each is reported to `answered` once.
  func pushes(at now: Duration) -> [PushRequest] {
    var pushes: [PushRequest] = []
    for (name, subscription) in subscriptions {
      while let delivery = queues[name]?.next(at: now) {
        guard let stored = messages[delivery.message] else {
          _ = queues[name]?.answered(delivery.token, acknowledged: true, at: now)
          continue
        }
        pushes.append(
          PushRequest(
            stored.message, attempt: delivery.attempt, token: delivery.token, to: subscription))
      }
    }
    return pushes
  }

  /// Reports the status of a push, nil if there was no answer at all.
  func answered(_ subscription: String, _ token: Int, status: Int?, at moment: Moment) throws {
    let acknowledged = status.map(PushRequest.acknowledges) ?? false
    guard
      let outcome = queues[subscription]?.answered(
        token, acknowledged: acknowledged, at: moment.uptime)
    else { return }
    try settle(outcome, subscription, at: moment)
  }

  /// Takes back what was not answered in time.
  func expire(at moment: Moment) throws {
    for name in subscriptions.keys {
      for outcome in queues[name]?.expire(at: moment.uptime) ?? [] {
        try settle(outcome, name, at: moment)
      }
    }
  }

  /// When there will be something to push or to expire.
  var nextWake: Duration? { queues.values.compactMap(\.nextWake).min() }

  private func settle(_ outcome: PushQueue.Outcome, _ name: String, at moment: Moment) throws {
    switch outcome {
    case .again, .late: return
    case .acknowledged(let id): try finish(id, name)
    case .exhausted(let id, let attempts):
      if let stored = messages[id], let subscription = subscriptions[name],
        let target = subscription.deadLetter?.topic
      {
        let copy = deadLetter(stored.message, from: subscription, attempts: attempts)
        try publish([copy], to: target, at: moment)
      }
      try finish(id, name)
    }
  }

  private func finish(_ id: Message.ID, _ name: String) throws {
    try journal.append([.acknowledged(id, by: name)])
    release(id)
    try compactIfMostlyDone()
  }

  /// The copy with the attributes by which Pub/Sub says where it comes from.
  private func deadLetter(_ message: Message, from subscription: Subscription, attempts: Int)
    -> Message
  {
    var copy = message
    let parts = subscription.name.split(separator: "/").map(String.init)
    let prefix = "CloudPubSubDeadLetterSource"
    copy.attributes[prefix + "Subscription"] = parts.last ?? ""
    copy.attributes[prefix + "SubscriptionProject"] = parts.count > 1 ? parts[1] : project
    copy.attributes[prefix + "DeliveryCount"] = String(attempts)
    copy.attributes[prefix + "TopicPublishTime"] = message.publishTime
    return copy
  }
}
