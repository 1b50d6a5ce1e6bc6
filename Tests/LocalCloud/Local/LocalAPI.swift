// SPDX-License-Identifier: MIT
import Foundation

/// The REST API under `/_local/`, for the page and for tests that assert on rows.
struct LocalAPI {
  let cloud: LocalCloud

  func answer(_ request: APIRequest, at moment: Moment) -> APIResponse {
    do {
      return .json(try route(request, at: moment))
    } catch let error as GoogleError {
      return .error(error)
    } catch {
      return .error(.internalError("\(error)"))
    }
  }

  private func route(_ request: APIRequest, at moment: Moment) throws -> JSON {
    let path = Array(request.segments.dropFirst())
    switch (request.method, path.first, path.count) {
    case ("GET", "state", 1): return state(at: moment)
    case ("GET", "tables", 1): return try tables(request)
    case ("GET", "events", 1): return try events(request)
    case ("GET", "events", 2): return try event(path[1])
    case ("GET", "tables", 4) where path[3] == "rows":
      return try rows(of: try cloud.store.table(path[1], path[2]), request)
    case ("GET", "rows", 1): return try RowSearch(request).answer(from: cloud.store)
    case ("GET", "rejections", 1): return try rejections(request)
    case ("GET", "requests", 1):
      return ["count": JSON(cloud.ledger.count), "requests": .array(cloud.ledger.recent)]
    case ("POST", "entries", 1): return try entries(request, at: moment)
    case ("POST", "reset", 1):
      try cloud.broker.reset()
      try cloud.store.reset()
      cloud.recent.reset()
      return [:]
    case ("POST", "fault", 1):
      try cloud.faults.apply(try request.object(), at: moment.uptime)
      return [:]
    default: throw GoogleError.notFound("Not found: \(request.method) \(request.path)")
    }
  }

  private func entries(_ request: APIRequest, at moment: Moment) throws -> JSON {
    let entries = LogSink.lines(request.body)
    let ids = try cloud.sink.write(entries, at: moment)
    return ["messageIds": .array(ids.map { .string(String($0)) })]
  }

  /// All tables by name; or, with `newest`, so many of those that were written to last; with `contains`, those
  /// whose names have the text in them, in any letter case.
  private func tables(_ request: APIRequest) throws(GoogleError) -> JSON {
    let part = request.parameter("contains") ?? ""
    func isWanted(_ table: Table) -> Bool {
      part.isEmpty || table.name.range(of: part, options: .caseInsensitive) != nil
    }
    let tables =
      if let count = try request.count("newest") {
        cloud.store.newest(count, where: isWanted)
      } else { cloud.store.tables.filter(isWanted) }
    return ["total": JSON(cloud.store.size.tables), "tables": .array(tables.map(Self.summary))]
  }

  static func summary(_ table: Table) -> JSON {
    [
      "dataset": .string(table.dataset), "table": .string(table.name),
      "rows": JSON(table.rows.count), "generated": .bool(table.isGenerated),
    ]
  }

  /// The last hits with what became of each, newest first.
  private func events(_ request: APIRequest) throws -> JSON {
    let filter = EventFilter(request)
    let limit = try request.count("limit") ?? 100
    let items = EventList(cloud.recent).items
    let found = items.filter { $0.matches(filter) }
    return [
      "kept": JSON(items.count), "found": JSON(found.count),
      "events": .array(found.prefix(limit).map(\.summary)),
    ]
  }

  /// One of them, whole.
  private func event(_ key: String) throws -> JSON {
    guard let item = EventList(cloud.recent).items.first(where: { $0.key == key }) else {
      throw GoogleError.notFound(
        "Event \(key) is not among the last \(RecentEvents.kept), which are all that are kept to look at."
      )
    }
    return item.whole
  }

  /// From `offset`, or the last ones.
  private func rows(of table: Table, _ request: APIRequest) throws -> JSON {
    let limit = try request.count("limit") ?? 100
    let total = table.rows.count
    let offset = try request.count("offset") ?? max(0, total - limit)
    let end = min(total, offset.addingReportingOverflow(limit).partialValue)
    let lines = try table.rows.lines(min(offset, end)..<end)
    return [
      "total": JSON(total), "offset": JSON(offset),
      "rows": .array(lines.compactMap { try? JSON.parse($0) }),
    ]
  }

  private func rejections(_ request: APIRequest) throws -> JSON {
    let store = cloud.broker.rejections
    let limit = try request.count("limit") ?? 1_000
    let offset = try request.count("offset") ?? max(0, store.count - limit)
    let end = min(store.count, offset.addingReportingOverflow(limit).partialValue)
    return [
      "total": JSON(store.count), "offset": JSON(offset),
      "rejections": .array(
        try store.rejections(min(offset, end)..<end).map { Self.rejection($0) }),
    ]
  }

  /// What was rejected and why; `text` is the data if it is text, of at most `limit` characters.
  static func rejection(_ kept: JSON, textLimit limit: Int = .max) -> JSON {
    var members = kept.members ?? JSON.Members()
    members["reason"] = .string(RejectionStore.reason(kept))
    for (name, attribute) in [("detail", "detail"), ("stage", "stage"), ("eventId", "event_id")] {
      members[name] = kept["attributes"]?[attribute]
    }
    if let data = kept["data"]?.string.flatMap({ Data(base64Encoded: $0) }),
      let text = String(validating: data, as: UTF8.self)
    {
      members["text"] = .string(String(text.prefix(limit)))
    }
    return .object(members)
  }
}

extension APIRequest {
  /// A query parameter that counts something.
  func count(_ name: String) throws(GoogleError) -> Int? {
    guard let text = parameter(name) else { return nil }
    guard let value = Int(text), value >= 0 else {
      throw .badRequest("\(name) is a whole number: \(text)")
    }
    return value
  }
}
