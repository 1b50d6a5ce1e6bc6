// SPDX-License-Identifier: MIT
import HTTPServer
import ServerSupport
import Synchronization

@testable import Pixel

/// BigQuery's tables as far as the tool sees them: list with pages, get, patch, delete. It can fail, and
/// can say that rows are in a streaming buffer.
final class FakeTables: Sendable {
  struct State: Sendable {
    var dataset: [String: JSON] = [:]
    var tables: [String: [String: JSON]] = [:]
    /// Method and table of each change, in order.
    var changes: [String] = []
    /// Statuses and reasons of the next changes' answers; then they are done.
    var faults: [(status: Int, reason: String)] = []
    /// Changes of these tables always fail.
    var locked: Set<String> = []
  }

  static let pageSize = 100

  let state = Mutex(State())
  private let server: RunningServer

  init() throws {
    let me = Holder()
    server = try RunningServer { request, call in
      guard let fake = me.fake else { return }
      let (status, body) = fake.answer(request)
      call.reply(Response(status: status, body: (try? body.bytes) ?? []))
    }
    me.fake = self
  }

  deinit { server.stop() }

  private final class Holder: @unchecked Sendable { weak var fake: FakeTables? }

  func set(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }
  var changes: [String] { state.withLock { $0.changes } }
  func table(_ name: String) -> [String: JSON]? { state.withLock { $0.tables[name] } }

  func add(_ name: String, columns: [JSON], _ more: [String: JSON] = [:]) {
    set { state in
      state.tables[name] = more.merging(["schema": ["fields": .array(columns)]]) { $1 }
    }
  }

  func upkeep(
    _ pattern: String = "_{user_id}_{date}", isDryRun: Bool = false, lines: Lines = Lines()
  ) throws -> Upkeep {
    let bigQuery = try BigQuery(
      project: "p", dataset: "pixel", endpoint: "http://127.0.0.1:\(server.port)",
      web: try WebClient(), firstDelay: 0.001)
    return try Upkeep(
      bigQuery, template: "pixel", pattern: try SuffixPattern(pattern), isDryRun: isDryRun
    ) { lines.add($0) }
  }

  private func answer(_ request: Request) -> (Int, JSON) {
    let path = request.path.split(separator: "/").map(String.init)
    // bigquery/v2/projects/p/datasets/pixel[/tables[/name]]
    let name = path.count > 7 ? path[7] : ""
    let body = (try? JSON(request.body)) ?? .null
    let page = request.query?.split(separator: "&").first { $0.hasPrefix("pageToken=") }
      .flatMap { Int($0.dropFirst(10)) }
    return state.withLock { state in
      if request.method != .get {
        if !state.faults.isEmpty {
          let fault = state.faults.removeFirst()
          return Self.error(fault.status, fault.reason)
        }
        if state.locked.contains(name) { return Self.error(400, "invalid") }
        state.changes.append("\(request.method.rawValue) \(name)")
      }
      switch (request.method, path.count) {
      case (.get, 6): return (200, .object(state.dataset))
      case (.patch, 6):
        Self.merge(body, into: &state.dataset)
        return (200, .object(state.dataset))
      case (.get, 7): return (200, Self.page(state.tables.keys.sorted(), page ?? 0))
      case (.get, 8): return state.tables[name].map { (200, .object($0)) } ?? Self.missing
      case (.patch, 8):
        guard var table = state.tables[name] else { return Self.missing }
        Self.merge(body, into: &table)
        state.tables[name] = table
        return (200, .object(table))
      case (.delete, 8):
        return state.tables.removeValue(forKey: name) == nil ? Self.missing : (204, [:])
      default: return Self.error(501, "notImplemented")
      }
    }
  }

  private static let missing = error(404, "notFound")

  private static func error(_ status: Int, _ reason: String) -> (Int, JSON) {
    let text = JSON.string(reason)
    return (status, ["error": ["message": text, "errors": [["reason": text]]]])
  }

  private static func merge(_ body: JSON, into resource: inout [String: JSON]) {
    guard case .object(let members) = body else { return }
    for (name, value) in members { resource[name] = value == .null ? Optional.none : value }
  }

  private static func page(_ names: [String], _ start: Int) -> JSON {
    let end = min(start + pageSize, names.count)
    let items = names[start..<end].map { name -> JSON in
      ["tableReference": ["tableId": .string(name)], "type": "TABLE"]
    }
    let page: JSON = ["tables": .array(items)]
    return end < names.count ? page.with("nextPageToken", .string("\(end)")) : page
  }
}

/// What a command printed.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
