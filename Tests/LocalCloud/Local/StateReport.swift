// SPDX-License-Identifier: MIT
import Foundation

/// `GET /_local/state`: everything the page shows, in one consistent look.
extension LocalAPI {
  func state(at moment: Moment) -> JSON {
    let (broker, store, recent) = (cloud.broker, cloud.store, cloud.recent)
    let size = store.size
    return [
      "project": .string(cloud.configuration.project),
      "ingestUrl": cloud.configuration.ingestURL.map { .string($0) } ?? .null,
      "now": .string(moment.timestamp),
      "uptimeSeconds": JSON((moment.uptime - cloud.started.uptime).components.seconds),
      "lastMessageId": .string(String(broker.lastMessageID)),
      "topics": .array(broker.topics.keys.sorted().map(topic)),
      "tables": JSON(size.tables), "rows": JSON(size.rows),
      "events": JSON(recent.version),
      "leftAlone": .object(
        JSON.Members(recent.leftAlone.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })),
      "dropped": recent.dropped.json, "droppedOthers": JSON(recent.dropped.others),
      "deduplicated": JSON(store.deduplicated),
      "rejections": rejectionSummary,
      "requests": JSON(cloud.ledger.count), "health": cloud.health.json,
      "faults": .object(
        JSON.Members(
          FaultSwitch.Service.allCases.map {
            ($0.rawValue, .string(cloud.faults.mode($0, at: moment.uptime).rawValue))
          })),
    ]
  }

  private func topic(_ name: String) -> JSON {
    let broker = cloud.broker
    let topic = broker.topics[name] ?? .init()
    let subscriptions = topic.subscriptions.sorted().compactMap { name -> JSON? in
      guard let queue = broker.queues[name], let subscription = broker.subscriptions[name] else {
        return nil
      }
      return [
        "name": short(name), "endpoint": .string(subscription.endpoint),
        "backlog": JSON(queue.count), "inFlight": JSON(queue.outstanding),
        "retrying": JSON(queue.retrying), "window": JSON(queue.window.size),
        "oldestUnacked": queue.oldest.map { .string(String($0)) } ?? .null,
      ]
    }
    return [
      "name": short(name), "published": JSON(topic.published),
      "backlog": JSON(subscriptions.reduce(0) { $0 + ($1["backlog"]?.integer ?? 0) }),
      "subscriptions": .array(subscriptions),
    ]
  }

  private func short(_ name: String) -> JSON {
    .string(String(name.split(separator: "/").last ?? ""))
  }

  private var rejectionSummary: JSON {
    let store = cloud.broker.rejections
    return [
      "count": JSON(store.count),
      "reasons": .object(
        JSON.Members(store.reasons.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })),
    ]
  }
}
