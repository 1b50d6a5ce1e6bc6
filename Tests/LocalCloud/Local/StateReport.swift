// SPDX-License-Identifier: MIT
import Foundation

/// `GET /_local/state`: everything the page shows, in one consistent look.
extension LocalAPI {
  func state(at moment: Moment) -> JSON {
    let (broker, store) = (cloud.broker, cloud.store)
    return [
      "project": .string(cloud.configuration.project),
      "ingestUrl": cloud.configuration.ingestURL.map { .string($0) } ?? .null,
      "now": .string(moment.timestamp),
      "uptimeSeconds": JSON((moment.uptime - cloud.started.uptime).components.seconds),
      "lastMessageId": .string(String(broker.lastMessageID)),
      "topics": .array(broker.topics.keys.sorted().map(topic)),
      "hits": .array(hits),
      "tables": tables["tables"] ?? [],
      "rows": JSON(store.tables.reduce(0) { $0 + $1.rows.count }),
      "deduplicated": JSON(store.deduplicated),
      "lastRows": .array(
        store.recent.reversed().compactMap { table, line in
          (try? JSON.parse(line)).map { ["table": .string(table), "row": $0] }
        }),
      "rejections": rejectionSummary,
      "requests": JSON(cloud.ledger.count),
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

  /// The last log entries of both roads, newest first.
  private var hits: [JSON] {
    let topic = cloud.broker.topics[cloud.sink.topic]
    return (topic?.recent ?? []).reversed().map { message in
      let entry = try? JSON.parse(message.payload)
      let request = entry?["httpRequest"]
      return [
        "time": entry?["timestamp"] ?? .string(message.publishTime),
        "source": entry?["resource"]?["type"] ?? "",
        "method": request?["requestMethod"] ?? "", "url": request?["requestUrl"] ?? "",
        "status": request?["status"] ?? .null,
      ]
    }
  }

  private var rejectionSummary: JSON {
    let store = cloud.broker.rejections
    let last = (try? store.rejections(max(0, store.count - 20)..<store.count)) ?? []
    return [
      "count": JSON(store.count),
      "reasons": .object(
        JSON.Members(store.reasons.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })),
      "last": .array(last.reversed().map { Self.rejection($0, textLimit: 2_000) }),
    ]
  }
}
