// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// A new contract comes under load, in the order of a deployment: tables, loader, parser, collector.
@Suite(.serialized) struct GrowthTests {
  private static let hits =
    ProcessInfo.processInfo.environment["PIXEL_TEST_ALL"] == nil ? 2_500 : 10_000

  @Test(.timeLimit(.minutes(5)))
  func `a new column comes while hits come, and each hit becomes one row`() throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let contract = try longerContract(in: pipeline.folder)
    let growth = Growth(pipeline, contract)
    let (accepted, withCoupon, notAccepted): (Set<String>, Set<String>, Int) =
      pipeline.thread.wait { loop, done in
        var sender: HitSender?
        sender = HitSender(
          loop: loop, base: "http://127.0.0.1:\(pipeline.ports.ingest)", wanted: Self.hits,
          concurrency: 32, pause: .milliseconds(60),
          onProgress: { count in
            if count == 300 { growth.begin() }
            if let base = growth.newBase, sender?.extra.isEmpty == true {
              // From now on pages send the new column, and the platform sends them to the new collector.
              sender?.base = base
              sender?.extra = "&coupon=SPRING"
            }
          },
          done: {
            done(
              (sender?.accepted ?? [], sender?.acceptedWithExtra ?? [], sender?.notAccepted ?? 0))
            sender = nil
          })
        sender?.fill()
      }
    let codes = try growth.end()
    #expect(codes == [0, 0, 0], "what each program before ended with")
    #expect(notAccepted == 0)
    #expect(withCoupon.count > 500, "the new contract was felt")
    #expect(withCoupon.count < accepted.count - 300, "and the old one")

    var rows: [String: [[String: Any]]] = [:]
    try waitUntil("every accepted order_id has a row", within: 60) {
      rows = Dictionary(grouping: try pipeline.rows.all()) { $0["order_id"] as? String ?? "" }
      return accepted.allSatisfy { rows[$0] != nil }
    }
    #expect(rows.count == accepted.count)
    // The view shows each event id once.
    #expect(
      accepted.allSatisfy { Set((rows[$0] ?? []).map { $0["event_id"] as? String }).count == 1 })
    #expect(
      accepted.allSatisfy { order in
        (rows[order] ?? []).allSatisfy {
          ($0["coupon"] as? String) == (withCoupon.contains(order) ? "SPRING" : nil)
        }
      })
    let rejected = fetch(
      "GET", "http://127.0.0.1:\(pipeline.ports.cloud)/_local/rejections", on: pipeline.thread)
    #expect(
      rejected.map { String(decoding: $0.body, as: UTF8.self) }?.contains(#""total":0"#) == true)
    print("\(accepted.count) hits, \(withCoupon.count) of them with the new column")
  }

  /// The shipped contract with a column more.
  private func longerContract(in folder: URL) throws -> URL {
    let text = try String(
      contentsOf: packageRoot.appendingPathComponent("infra/contracts/pixel.json"), encoding: .utf8)
    let end = try #require(text.lastIndex(of: "]"))
    let file = folder.appendingPathComponent("longer.json")
    try "\(text[..<end]), {\"name\": \"coupon\", \"type\": \"STRING\"}]"
      .write(to: file, atomically: true, encoding: .utf8)
    return file
  }
}

/// The deployment, on a thread of its own.
private final class Growth: @unchecked Sendable {
  private let pipeline: LocalPipeline
  private let contract: URL
  private let lock = NSLock()
  private let ended = DispatchSemaphore(value: 0)
  private var base: String?
  private var result: Result<[Int32], any Error> = .success([])

  init(_ pipeline: LocalPipeline, _ contract: URL) {
    (self.pipeline, self.contract) = (pipeline, contract)
  }

  /// Where the new collector is, when all of it is there.
  var newBase: String? { lock.withLock { base } }

  func begin() {
    Thread.detachNewThread { [self] in
      result = Result { try deploy() }
      ended.signal()
    }
  }

  /// Waits for its end; what the programs before ended with.
  func end() throws -> [Int32] {
    ended.wait()
    return try result.get()
  }

  private func deploy() throws -> [Int32] {
    let tables = try Shell(
      "GCE_METADATA_HOST=127.0.0.1:\(pipeline.ports.cloud) '\(binaries.path)/pixel' tables add-columns "
        + "--project local --endpoint http://127.0.0.1:\(pipeline.ports.cloud) --contract '\(contract.path)'",
      in: pipeline.folder)
    guard tables.end() == 0 else { throw Timeout(description: tables.output) }
    let settings = ["CONTRACT": contract.path]
    let loader = try pipeline.replace(\.loader, at: pipeline.ports.loader, settings: settings)
    let parse = try pipeline.replace(\.parse, at: pipeline.ports.parse, settings: settings)
    let port = freePort()
    let before = try pipeline.follow(\.ingest, at: port, settings: settings)
    lock.withLock { base = "http://127.0.0.1:\(port)" }
    // The platform ends the one before when nothing goes to it any more.
    Thread.sleep(forTimeInterval: 1)
    return [loader, parse, before.stop()]
  }
}
