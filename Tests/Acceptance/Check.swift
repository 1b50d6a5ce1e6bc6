// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient

/// `local-cloud check`: sends hits of all kinds through both roads and finds out whether each has
/// become exactly what it should.
public struct Check: Sendable {
  let cloud: CloudClient
  let ingest: String
  let say: @Sendable (String) -> Void

  static let inFlight = 50

  public init(
    cloud: String, ingest: String, web: WebClient, say: @escaping @Sendable (String) -> Void
  ) {
    self.cloud = CloudClient(cloud, web: web)
    self.ingest = ingest.hasSuffix("/") ? String(ingest.dropLast()) : ingest
    self.say = say
  }

  /// Prints the table; true if every hit is accounted for.
  public func run(hits count: Int, print: (String) -> Void) async throws -> Bool {
    let run = "check" + String(UInt64.random(in: 0 ... .max), radix: 36)
    let hits = CheckHit.plan(count, run: run)
    try await cloud.requirePipeline()
    let before = try await cloud.get("/_local/rejections?limit=0")["total"]?.integer ?? 0

    var outcome = CheckOutcome(hits: hits, run: run)
    outcome.refused = await send(hits)
    // Each answered hit was published before its answer.
    let last = try await cloud.get("/_local/state")["lastMessageId"]?.integer ?? 0
    _ = try await cloud.waitUntilSettled(Settling(lastEntry: last), say: say)

    try await cloud.forEachRow { table, row in outcome.note(row, in: table) }
    for rejection in try await cloud.rejections(after: before) { outcome.note(rejection) }
    let account = outcome.account()
    print(account.table("sent"))
    return account.isComplete
  }

  /// Sends all, so many at a time; gives what was wrong with which answers.
  private func send(_ hits: [CheckHit]) async -> [String: String] {
    await withTaskGroup(of: (String, String?).self) { group in
      var refused: [String: String] = [:]
      var sent = 0
      var rest = hits[...]
      func sendNext() {
        guard let hit = rest.popFirst() else { return }
        group.addTask { (hit.orderID, await problem(with: hit)) }
      }
      for _ in 0..<Self.inFlight { sendNext() }
      for await (orderID, problem) in group {
        refused[orderID] = problem
        sent += 1
        if sent % 250 == 0 || sent == hits.count { say("\(sent) of \(hits.count) hits sent") }
        sendNext()
      }
      return refused
    }
  }

  /// Sends one hit; nil if the answer is the image that was asked for.
  private func problem(with hit: CheckHit) async -> String? {
    let base = hit.road == .bucket ? cloud.base : ingest
    let isGIF = hit.target.hasPrefix("/pixel.gif")
    do {
      let response = try await cloud.web.send(
        OutgoingRequest(
          url: base + hit.target,
          headers: ["Referer: http://localhost/check", "Accept: image/*"], timeout: .seconds(30)))
      guard response.status == 200 else { return "answered \(response.status)" }
      let start: [UInt8] = isGIF ? Array("GIF89a".utf8) : [0x89] + Array("PNG\r\n".utf8)
      guard response.body.starts(with: start),
        response.header("content-type") == (isGIF ? "image/gif" : "image/png")
      else { return "answered without an image" }
      return nil
    } catch {
      return "not answered: \(error)"
    }
  }
}
