// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient
import LocalCloud

/// Asks a running cloud over its `/_local/` API.
struct CloudClient: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let base: String
  let web: WebClient

  /// `base` with or without a slash at its end.
  init(_ base: String, web: WebClient) {
    self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
    self.web = web
  }

  func get(_ path: String) async throws -> JSON { try await call("GET", path, []) }

  func post(_ path: String, _ body: [UInt8]) async throws -> JSON {
    try await call("POST", path, body)
  }

  private func call(_ method: String, _ path: String, _ body: [UInt8]) async throws -> JSON {
    let request = OutgoingRequest(
      method: method, url: base + path, headers: ["Content-Type: application/json"], body: body,
      timeout: .seconds(60), maxAnswer: 512 * 1024 * 1024)
    let response: IncomingResponse
    do {
      response = try await web.send(request)
    } catch {
      throw Failure(description: "local-cloud does not answer at \(base): \(error)")
    }
    let json = try? JSON.parse(response.body)
    guard response.status == 200, let json else {
      let message = json?["error"]?["message"]?.string ?? "status \(response.status)"
      throw Failure(description: "\(method) \(path): \(message)")
    }
    return json
  }

  /// Each row of each table that `wanted` takes.
  func forEachRow(_ body: (_ table: String, _ row: JSON) -> Void) async throws {
    for table in try await get("/_local/tables")["tables"]?.array ?? [] {
      let (dataset, name) = (table["dataset"]?.string ?? "", table["table"]?.string ?? "")
      let path = "/_local/tables/\(Self.escaped(dataset))/\(Self.escaped(name))/rows"
      var offset = 0
      while true {
        let page = try await get("\(path)?offset=\(offset)&limit=1000")["rows"]?.array ?? []
        for row in page { body("\(dataset).\(name)", row) }
        if page.count < 1_000 { break }
        offset += page.count
      }
    }
  }

  /// The rejections behind the first `mark`.
  func rejections(after mark: Int) async throws -> [JSON] {
    var all: [JSON] = []
    while true {
      let path = "/_local/rejections?offset=\(mark + all.count)&limit=1000"
      let page = try await get(path)["rejections"]?.array ?? []
      all += page
      if page.count < 1_000 { return all }
    }
  }

  private static func escaped(_ name: String) -> String {
    name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? name
  }
}
