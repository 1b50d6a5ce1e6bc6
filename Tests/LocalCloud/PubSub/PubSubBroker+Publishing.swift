// SPDX-License-Identifier: MIT

/// What administrators and publishers do.
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
    onPublish(stamped, topicName)
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
