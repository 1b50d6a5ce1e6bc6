// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient
import ServerSupport

/// What LocalCloud has kept, read from its files as anybody would.
struct PipelineRows {
  let data: URL

  /// Which event ids the rows of each order have, over all tables.
  func eventIDsByOrder() throws -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    let tables = data.appendingPathComponent("bigquery/pixel")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: tables.path)) ?? []
    for file in files where file.hasSuffix(".ndjson") {
      let text = try Data(contentsOf: tables.appendingPathComponent(file))
      for line in text.split(separator: UInt8(ascii: "\n")) {
        guard let row = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
          let order = row["order_id"] as? String, let event = row["event_id"] as? String
        else { continue }
        found[order, default: []].insert(event)
      }
    }
    return found
  }
}

/// One request and its answer; nil if there was none.
func fetch(
  _ method: String, _ url: String, body: [UInt8] = [], on thread: LoopThread,
  headers: [String] = []
) -> IncomingResponse? {
  thread.wait { loop, done in
    let client = HTTPClient(loop: loop, userAgent: "test")
    let request = OutgoingRequest(
      method: method, url: url, headers: ["Content-Type: application/json"] + headers, body: body)
    client.send(request) { result in
      withExtendedLifetime(client) { done(try? result.get()) }
    }
  }
}
