// SPDX-License-Identifier: MIT
import Foundation
import HTTPServer
import ServerSupport
import Synchronization

/// Pub/Sub's publish method and the metadata server, as far as a publisher sees them.
final class FakePubSub: Sendable {
  struct Publish: Sendable {
    let path: String
    let authorization: String?
    let data: [String]
  }

  struct State: Sendable {
    var publishes: [Publish] = []
    var tokens = 0
    var projects = 0
    /// Statuses of the next answers; then 200.
    var faults: [Int] = []
    /// A request with such data is a 400.
    var poison: String?
    /// Only this token is good.
    var goodToken: String?
    var hangs = false
  }

  let state = Mutex(State())
  let server: RunningServer

  init() throws {
    let me = Holder()
    server = try RunningServer { request, call in me.fake?.answer(request, call) }
    me.fake = self
  }

  private final class Holder: @unchecked Sendable { weak var fake: FakePubSub? }

  var host: String { "127.0.0.1:\(server.port)" }
  func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }
  var publishes: [Publish] { state.withLock { $0.publishes } }

  private func answer(_ request: Request, _ call: Call) {
    let google = [("Metadata-Flavor", "Google")]
    switch request.path {
    case _ where request.header("metadata-flavor") == nil && request.method == .get:
      call.reply(Response(status: 403))
    case "/computeMetadata/v1/project/project-id":
      state.withLock { $0.projects += 1 }
      call.reply(Response(status: 200, headers: google, body: Array("my-project".utf8)))
    case "/computeMetadata/v1/instance/service-accounts/default/token":
      let number = state.withLock {
        $0.tokens += 1
        return $0.tokens
      }
      let text = #"{"access_token":"token-\#(number)","expires_in":3600,"token_type":"Bearer"}"#
      call.reply(Response(status: 200, headers: google, body: Array(text.utf8)))
    default: publish(request, call)
    }
  }

  private func publish(_ request: Request, _ call: Call) {
    let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    let messages = body?["messages"] as? [[String: Any]] ?? []
    let data = messages.map {
      Data(base64Encoded: $0["data"] as? String ?? "").map { String(decoding: $0, as: UTF8.self) }
        ?? "?"
    }
    let seen = Publish(
      path: request.path, authorization: request.header("authorization"), data: data)
    let status: Int? = state.withLock { state in
      state.publishes.append(seen)
      if state.hangs { return nil }
      if !state.faults.isEmpty { return state.faults.removeFirst() }
      if let poison = state.poison, data.contains(poison) { return 400 }
      if let good = state.goodToken, seen.authorization != "Bearer \(good)" { return 401 }
      return 200
    }
    guard let status else { return }
    let ids = data.indices.map { "\"\($0)\"" }.joined(separator: ",")
    call.reply(Response(status: status, body: Array(#"{"messageIds":[\#(ids)]}"#.utf8)))
  }
}
