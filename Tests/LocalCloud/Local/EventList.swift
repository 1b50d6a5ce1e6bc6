// SPDX-License-Identifier: MIT
import Foundation

/// What became of the last hits, newest first, good and bad in one list: `GET /_local/events`.
struct EventList {
  /// A hit with what became of it; or a row or a rejection whose hit is not kept any more.
  struct Item {
    /// `h`, `r` or `x`, and a number: how the whole of it is asked for.
    let key: String
    /// Microseconds since 1970, by which the list is in order.
    let order: Int64
    var verdict: String
    var reason = ""
    var detail = ""
    var entry: JSON?
    var row: JSON?
    var table: String?
    var rejection: Message?
    var dropped: [String] = []
  }

  private(set) var items: [Item] = []

  init(_ recent: RecentEvents) {
    var rows: [String: (row: RecentEvents.Row, json: JSON)] = [:]
    for row in recent.rows {
      guard let json = try? JSON.parse(row.line) else { continue }
      // Rows that others insert may have no id: each is one of its own.
      rows[json["event_id"]?.string ?? "\(row.number)"] = (row, json)
    }
    var byID: [String: Message] = [:]
    var byData: [String: Message] = [:]
    for message in recent.rejections {
      byData[message.data] = message
      if let id = message.attributes["event_id"] { byID[id] = message }
    }
    let published = Set(recent.published)
    var shown: Set<String> = []
    var told: Set<Message.ID> = []
    for hit in recent.hits {
      let judgement = recent.judgement(of: hit)
      let id = judgement?.eventID
      var item = Item(
        key: "h\(hit.message.id)", order: Self.order(hit.message), verdict: "waiting",
        entry: try? JSON.parse(hit.message.payload), dropped: judgement?.dropped ?? [])
      if let rejection = byData[hit.message.data] ?? id.flatMap({ byID[$0] }) {
        item.take(rejection)
        told.insert(rejection.id)
      } else if let id, let found = rows[id] {
        (item.verdict, item.row, item.table) = ("row", found.json, found.row.table)
        shown.insert(id)
      } else if let id, published.contains(id) {
        item.verdict = "loading"
      } else if hit.isDone, let judgement {
        item.verdict = judgement.verdict == .test ? "test" : "left alone"
        (item.reason, item.detail) = (judgement.reason, judgement.detail)
      } else if hit.isDone {
        item.verdict = "done"
      }
      items.append(item)
    }
    for (id, found) in rows where !shown.contains(id) {
      items.append(
        Item(
          key: "r\(found.row.number)", order: found.row.number, verdict: "row", row: found.json,
          table: found.row.table))
    }
    for message in recent.rejections where !told.contains(message.id) {
      var item = Item(key: "x\(message.id)", order: Self.order(message), verdict: "rejected")
      item.take(message)
      item.entry = try? JSON.parse(message.payload)
      items.append(item)
    }
    items.sort { ($0.order, $0.key) > ($1.order, $1.key) }
  }

  /// A message's id begins as the moment at which it came.
  private static func order(_ message: Message) -> Int64 {
    (try? CivilTimeParser.timestamp(message.publishTime)).map { max($0, 0) } ?? message.id
  }
}

extension EventList.Item {
  fileprivate mutating func take(_ rejection: Message) {
    verdict = "rejected"
    reason = RejectionStore.reason(rejection.json)
    detail = rejection.attributes["detail"] ?? ""
    self.rejection = rejection
  }

  /// The request, if the entry has one.
  private var request: JSON? { entry?["httpRequest"] ?? entry?["http_request"] }

  private var url: String {
    request?["requestUrl"]?.string ?? request?["request_url"]?.string ?? ""
  }

  /// The parameters of the URL, decoded, in their order.
  var parameters: [(name: String, value: String)] {
    guard let query = url.firstIndex(of: "?") else { return [] }
    let text = url[url.index(after: query)...].prefix { $0 != "#" }
    return APIRequest("GET", "/", query: String(text)).parameters
  }

  private func value(_ name: String) -> String {
    row?[name].map { $0.string ?? $0.text } ?? parameters.first { $0.name == name }?.value
      ?? entry?[name]?.string ?? ""
  }

  private var road: String {
    switch entry?["resource"]?["type"]?.string {
    case "http_load_balancer": "bucket"
    case "pixel_ingest", "cloud_run_revision": "PixelIngest"
    case let other: other ?? ""
    }
  }

  /// The path and the decoded parameters, in a line; or what there is instead.
  private var title: String {
    let path = url.prefix { $0 != "?" && $0 != "#" }
    let shown = parameters.map { $0.value.isEmpty ? $0.name : "\($0.name)=\($0.value)" }
    let place = path.range(of: "://").map { path[$0.upperBound...].drop { $0 != "/" } } ?? path
    return String(([String(place)] + shown).joined(separator: "  ").prefix(400))
  }

  /// A line of the list.
  var summary: JSON {
    [
      "key": .string(key), "time": .string(CivilTime(unixMicroseconds: order).timestamp),
      "verdict": .string(verdict), "reason": .string(reason),
      "detail": .string(String(detail.prefix(300))), "road": .string(road),
      "type": .string(String(value("type").prefix(100))),
      "user": .string(String(value("user_id").prefix(100))), "title": .string(title),
      "table": table.map { .string($0) } ?? .null,
      "dropped": .array(dropped.prefix(20).map { .string(String($0.prefix(100))) }),
    ]
  }

  /// Everything that is known of it.
  var whole: JSON {
    var members = summary.members ?? JSON.Members()
    members["detail"] = .string(detail)
    members["dropped"] = .array(dropped.map { .string($0) })
    members["parameters"] = .array(
      parameters.map { ["name": .string($0.name), "value": .string($0.value)] })
    members["entry"] = entry
    members["row"] = row
    if let rejection { members["rejection"] = LocalAPI.rejection(rejection.json) }
    return .object(members)
  }

  /// Whether every filter that is set holds; texts are looked for in any letter case.
  func matches(_ filter: EventFilter) -> Bool {
    func contains(_ text: String, _ wanted: String) -> Bool {
      wanted.isEmpty || text.range(of: wanted, options: .caseInsensitive) != nil
    }
    guard filter.verdict.isEmpty || verdict == filter.verdict else { return false }
    guard contains(value("type"), filter.type), contains(value("user_id"), filter.user) else {
      return false
    }
    guard !filter.text.isEmpty else { return true }
    let texts =
      [title, url, reason, detail, table ?? ""]
      + [row, entry, rejection?.json].compactMap {
        $0.map { String(decoding: $0.bytes, as: UTF8.self) }
      }
    return texts.contains { contains($0, filter.text) }
  }
}

/// `?type=&user=&text=&verdict=`
struct EventFilter {
  var type = ""
  var user = ""
  var text = ""
  var verdict = ""

  init(_ request: APIRequest) {
    type = request.parameter("type") ?? ""
    user = request.parameter("user") ?? ""
    text = request.parameter("text") ?? ""
    verdict = request.parameter("verdict") ?? ""
  }
}
