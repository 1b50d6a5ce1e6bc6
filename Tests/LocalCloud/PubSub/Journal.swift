// SPDX-License-Identifier: MIT
import Foundation

/// What the broker must remember over a restart, as lines: topics, subscriptions, messages, and
/// which subscription has acknowledged which message.
final class Journal {
  enum Entry {
    case topic(String)
    /// How many messages the topic had taken, not counting those that follow.
    case published(String, Int)
    case subscription(Subscription)
    case deletedSubscription(String)
    case message(Message)
    case acknowledged(Message.ID, by: String)

    var json: JSON {
      switch self {
      case .topic(let name): ["topic": .string(name)]
      case .published(let name, let count): ["publishedTo": .string(name), "count": JSON(count)]
      case .subscription(let subscription): ["subscription": subscription.json]
      case .deletedSubscription(let name): ["deleted": .string(name)]
      case .message(let message): ["message": message.json]
      case .acknowledged(let id, let name): ["ack": JSON(id), "by": .string(name)]
      }
    }

    init?(_ json: JSON) {
      if let name = json["topic"]?.string {
        self = .topic(name)
      } else if let name = json["publishedTo"]?.string, let count = json["count"]?.integer {
        self = .published(name, count)
      } else if let members = json["subscription"]?.members,
        let name = members["name"]?.string,
        let subscription = try? Subscription(name: name, json: members)
      {
        self = .subscription(subscription)
      } else if let name = json["deleted"]?.string {
        self = .deletedSubscription(name)
      } else if let inner = json["message"], let message = Message(json: inner) {
        self = .message(message)
      } else if let id = json["ack"]?.integer, let name = json["by"]?.string {
        self = .acknowledged(Message.ID(id), by: name)
      } else {
        return nil
      }
    }
  }

  private var file: LineFile
  var count: Int { file.count }

  init(_ path: String) throws { file = try LineFile(path) }

  func append(_ entries: [Entry]) throws(LineFile.Failure) {
    try file.append(entries.map(\.json.bytes))
  }

  func replay(_ body: (Entry) -> Void) throws {
    let step = 1_000
    for start in stride(from: 0, to: file.count, by: step) {
      for line in try file.lines(start..<start + step) {
        if let json = try? JSON.parse(line), let entry = Entry(json) { body(entry) }
      }
    }
  }

  /// Replaces everything by `entries`, so that a crash leaves either the old or the new.
  func replace(with entries: [Entry]) throws {
    let fresh = try LineFile(file.path + ".new")
    try fresh.removeAll()
    try fresh.append(entries.map(\.json.bytes))
    guard rename(fresh.path, file.path) == 0 else {
      throw LineFile.Failure(path: file.path, doing: "replace", code: errno)
    }
    file = try LineFile(file.path)
  }
}
