// SPDX-License-Identifier: MIT

/// What pushing needs: which pushes to make, and what came of them.
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
