// SPDX-License-Identifier: MIT
import Foundation

/// Topics, push subscriptions and the messages on their way: at least once, until acknowledged or
/// moved to a dead-letter topic. Messages are in the journal before `publish` returns.
public final class PubSubBroker {
  public let project: String
  var topics: [String: Topic] = [:]
  var subscriptions: [String: Subscription] = [:]
  var queues: [String: PushQueue] = [:]
  var lastMessageID: Message.ID
  let rejections: RejectionStore

  /// Told what was taken, once it is on disk, and which messages all of their subscriptions are done with.
  var onPublish: (_ messages: [Message], _ topic: String) -> Void = { _, _ in }
  var onDone: (Message) -> Void = { _ in }

  let journal: Journal
  var messages: [Message.ID: Stored] = [:]
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

  struct Stored {
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
  func compact() throws {
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

  func compactIfMostlyDone() throws {
    if journal.count > 50_000, journal.count > 8 * messages.count { try compact() }
  }

  func attach(_ subscription: Subscription) {
    topics[subscription.topic, default: Topic()].subscriptions.insert(subscription.name)
    subscriptions[subscription.name] = subscription
    var queue = PushQueue(
      ackDeadline: subscription.ackDeadline, retry: subscription.retry,
      maximumAttempts: subscription.deadLetter?.maximumAttempts,
      maximumOutstanding: maximumOutstanding)
    if let old = queues[subscription.name] { queue.adopt(old) }
    queues[subscription.name] = queue
  }

  func detach(_ name: String) {
    guard let subscription = subscriptions.removeValue(forKey: name) else { return }
    topics[subscription.topic]?.subscriptions.remove(name)
    for id in queues.removeValue(forKey: name)?.all ?? [] { release(id) }
  }

  func release(_ id: Message.ID) {
    messages[id]?.pending -= 1
    guard let stored = messages[id], stored.pending <= 0 else { return }
    messages[id] = nil
    onDone(stored.message)
  }

  /// A write that fails must not be answered with success.
  func record(_ entries: [Journal.Entry]) throws(GoogleError) {
    do { try journal.append(entries) } catch { throw .internalError("\(error)") }
  }
}
