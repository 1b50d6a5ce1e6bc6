// SPDX-License-Identifier: MIT
import Foundation
import HTTPServer
import ServerSupport
import Synchronization

/// BigQuery, Pub/Sub and the metadata server as far as the loader sees them; a test says what an insert
/// is answered.
final class FakeBigQuery: Sendable {
  struct Insert: Sendable {
    let table: String
    let suffix: String
    let ids: [String]
    let authorization: String?
    let traceID: String?
    let bytes: Int
    let at: Date
  }

  enum Answer: Sendable {
    case ok
    case status(Int, String = "", retryAfter: Int? = nil)
    /// A 200 with this body.
    case body(String)
    case rows([Int: (reason: String, message: String)])
    case never
  }

  struct State {
    var inserts: [Insert] = []
    var rejected: [[String: String]] = []
    var tokens = 0
    var lists = 0
    var gets: [String] = []
    var tables: [String] = []
    var listStatus = 200
    var columns = ["event_id", "user_id"]
    /// The answer to an insert, which is told how many there were before.
    var answer: @Sendable (Insert, Int) -> Answer = { _, _ in .ok }
  }

  let state = Mutex(State())
  let server: RunningServer

  private final class Holder: @unchecked Sendable { weak var fake: FakeBigQuery? }

  init() throws {
    let me = Holder()
    var limits = HTTPLimits()
    limits.maxBodyBytes = 64 << 20
    server = try RunningServer(limits: limits) { request, call in me.fake?.receive(request, call) }
    me.fake = self
  }

  var host: String { "127.0.0.1:\(server.port)" }
  var inserts: [Insert] { state.withLock { $0.inserts } }
  var rejected: [[String: String]] { state.withLock { $0.rejected } }
  func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

  static func error(_ reason: String, _ message: String) -> String {
    #"{"error":{"code":0,"message":"\#(message)","errors":[{"message":"\#(message)","#
      + #""domain":"global","reason":"\#(reason)"}]}}"#
  }

  private func receive(_ request: Request, _ call: Call) {
    let path = request.path.split(separator: "/").map(String.init)
    if path.first == "computeMetadata" { return metadata(request, call) }
    if path.last?.hasSuffix(":publish") ?? false { return publish(request, call) }
    guard path.count >= 7, path[6] == "tables" else { return call.reply(Response(status: 404)) }
    if path.last == "insertAll" { return insert(request, call, table: path[7]) }
    if path.count == 7 { return list(request, call) }
    let (exists, columns) = state.withLock { state in
      state.gets.append(path[7])
      return (path[7] == "pixel" || state.tables.contains(path[7]), state.columns)
    }
    guard exists else {
      let body = Self.error("notFound", "Not found: Table")
      return call.reply(Response(status: 404, body: Array(body.utf8)))
    }
    let fields = columns.map { #"{"name":"\#($0)","type":"STRING"}"# }.joined(separator: ",")
    call.reply(Response(status: 200, body: Array(#"{"schema":{"fields":[\#(fields)]}}"#.utf8)))
  }

  private func metadata(_ request: Request, _ call: Call) {
    let number = state.withLock { state in
      state.tokens += 1
      return state.tokens
    }
    let text = #"{"access_token":"token-\#(number)","expires_in":3600,"token_type":"Bearer"}"#
    call.reply(
      Response(status: 200, headers: [("Metadata-Flavor", "Google")], body: Array(text.utf8)))
  }

  private func publish(_ request: Request, _ call: Call) {
    let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    let messages = body?["messages"] as? [[String: Any]] ?? []
    state.withLock { state in
      state.rejected += messages.map { $0["attributes"] as? [String: String] ?? [:] }
    }
    let ids = messages.indices.map { "\"\($0)\"" }.joined(separator: ",")
    call.reply(Response(status: 200, body: Array(#"{"messageIds":[\#(ids)]}"#.utf8)))
  }

  /// Two tables a page.
  private func list(_ request: Request, _ call: Call) {
    let (tables, status) = state.withLock { state in
      state.lists += 1
      return (state.tables, state.listStatus)
    }
    guard status == 200 else { return call.reply(Response(status: status)) }
    let token = request.query?.split(separator: "&").first { $0.hasPrefix("pageToken=") }
    let start = token.flatMap { Int($0.dropFirst(10)) } ?? 0
    let page = tables.dropFirst(start).prefix(2).map {
      #"{"tableReference":{"tableId":"\#($0)"}}"#
    }
    let next = start + 2 < tables.count ? #","nextPageToken":"\#(start + 2)""# : ""
    let text = #"{"tables":[\#(page.joined(separator: ","))]\#(next)}"#
    call.reply(Response(status: 200, body: Array(text.utf8)))
  }

  private func insert(_ request: Request, _ call: Call, table: String) {
    let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    let rows = body?["rows"] as? [[String: Any]] ?? []
    let insert = Insert(
      table: table, suffix: body?["templateSuffix"] as? String ?? "",
      ids: rows.map { $0["insertId"] as? String ?? "?" },
      authorization: request.header("authorization"), traceID: body?["traceId"] as? String,
      bytes: request.body.count, at: Date())
    let answer = state.withLock { state in
      state.inserts.append(insert)
      let answer = state.answer(insert, state.inserts.count - 1)
      let name = table + insert.suffix
      if case .ok = answer, !state.tables.contains(name) { state.tables.append(name) }
      return answer
    }
    let kind = #""kind":"bigquery#tableDataInsertAllResponse""#
    switch answer {
    case .never: break
    case .ok: call.reply(Response(status: 200, body: Array("{\(kind)}".utf8)))
    case .body(let text): call.reply(Response(status: 200, body: Array(text.utf8)))
    case .status(let status, let text, let retryAfter):
      let headers = retryAfter.map { [("Retry-After", "\($0)")] } ?? []
      call.reply(Response(status: status, headers: headers, body: Array(text.utf8)))
    case .rows(let problems):
      let errors = problems.map { index, problem in
        #"{"index":\#(index),"errors":[{"reason":"\#(problem.reason)","location":"","#
          + #""message":"\#(problem.message)"}]}"#
      }
      let text = #"{\#(kind),"insertErrors":[\#(errors.joined(separator: ","))]}"#
      call.reply(Response(status: 200, body: Array(text.utf8)))
    }
  }
}
