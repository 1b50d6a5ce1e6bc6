// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import BQLoader

/// What the loader does about each kind of answer, seen from both sides: BigQuery's and the pusher's.
@Suite struct LoaderAnswerTests {
  /// Runs the loader against answers; statuses of the pushes, and what it has logged.
  static func run(
    _ fake: FakeBigQuery, _ settings: [String: String] = [:], rows: [String] = [row("e1")],
    answer: @escaping @Sendable (FakeBigQuery.Insert, Int) -> FakeBigQuery.Answer
  ) throws -> (statuses: [Int], log: String) {
    fake.set { $0.answer = answer }
    let loader = try RunningLoader(fake, settings)
    let statuses = loader.push(rows)
    return (statuses, loader.stop())
  }

  static let htmlPage = "<html><title>Error</title></html>"

  @Test(arguments: [
    FakeBigQuery.Answer.status(503), .status(500), .status(502, htmlPage), .status(504),
    .status(408), .status(429), .status(503, "", retryAfter: 1),
    .status(403, FakeBigQuery.error("quotaExceeded", "Quota")),
    .status(403, FakeBigQuery.error("rateLimitExceeded", "Rate")),
    .status(404, FakeBigQuery.error("notFound", "Table 1:d.t not found.")),
    .body(htmlPage), .body(""), .body("{}"), .body(#"{"kind":"x""#),
    .rows([0: ("timeout", "")]), .rows([0: ("backendError", "x")]), .rows([0: ("stopped", "")]),
  ])
  func `what may pass goes again under the same id, and is acknowledged once it is in`(
    _ first: FakeBigQuery.Answer
  ) throws {
    let fake = try FakeBigQuery()
    let result = try Self.run(fake) { _, count in count == 0 ? first : .ok }
    #expect(result.statuses == [204])
    #expect(fake.inserts.map(\.ids) == [["e1"], ["e1"]])
    #expect(Set(fake.inserts.map(\.traceID)).count == 2)
  }

  @Test func `Retry-After is waited for`() throws {
    let fake = try FakeBigQuery()
    _ = try Self.run(fake) { _, count in count == 0 ? .status(429, retryAfter: 1) : .ok }
    let times = fake.inserts.map(\.at)
    #expect(try #require(times.last).timeIntervalSince(times[0]) >= 1)
  }

  @Test func `what never passes is given back before the push's deadline`() throws {
    let fake = try FakeBigQuery()
    let began = Date()
    let result = try Self.run(fake) { _, _ in .status(429) }
    #expect(result.statuses == [503])
    #expect(Date().timeIntervalSince(began) < 5)
    #expect(fake.inserts.count > 1)
    #expect(result.log.contains(#""reason":"insert_failed""#))
  }

  @Test func `an account without permission is not asked again`() throws {
    let fake = try FakeBigQuery()
    let denied = FakeBigQuery.error("accessDenied", "Access Denied")
    let result = try Self.run(fake) { _, _ in .status(403, denied) }
    #expect(result.statuses == [503])
    #expect(fake.inserts.count == 1)
    #expect(result.log.contains("Access Denied"))
  }

  @Test func `a missing template table is given back with the command that makes it`() throws {
    let fake = try FakeBigQuery()
    let missing = FakeBigQuery.error("notFound", "Not found: Table p:d.events")
    let result = try Self.run(fake, ["BIGQUERY_TABLE": "events"]) { _, _ in .status(404, missing) }
    #expect(result.statuses == [503])
    #expect(result.log.contains(#""reason":"table_missing""#))
    #expect(
      result.log.contains("bq mk --table --schema=infra/contracts/pixel.json d.events"))
    #expect(result.log.contains(#""severity":"ERROR""#))
  }

  @Test(arguments: [("i", 128, true), ("i", 129, false), ("é", 64, true), ("é", 65, false)])
  func `an event_id has 128 bytes at most`(_ letter: String, _ count: Int, _ fits: Bool) throws {
    let fake = try FakeBigQuery()
    let result = try Self.run(fake, rows: [row(String(repeating: letter, count: count))]) { _, _ in
      .ok
    }
    #expect(result.statuses == [204])
    #expect(fake.inserts.count == (fits ? 1 : 0))
    #expect(fake.rejected.map { $0["reason"] } == (fits ? [] : ["event_id_missing"]))
  }

  @Test func `a missing dataset is given back with the commands that make it and its table`() throws
  {
    let fake = try FakeBigQuery()
    let missing = FakeBigQuery.error("notFound", "Not found: Dataset p:d")
    let result = try Self.run(fake) { _, _ in .status(404, missing) }
    #expect(result.statuses == [503])
    #expect(result.log.contains("bq --location=LOCATION mk --dataset d'"))
    #expect(result.log.contains("bq mk --table --schema=infra/contracts/pixel.json d.pixel"))
  }

  @Test func `a bad row is kept with BigQuery's message, and those that it stopped go again`()
    throws
  {
    let fake = try FakeBigQuery()
    let rows = ["e1", "bad", "e3"].map { row($0) }
    let result = try Self.run(fake, rows: rows) { insert, _ in
      guard let bad = insert.ids.firstIndex(of: "bad") else { return .ok }
      var problems: [Int: (reason: String, message: String)] = [:]
      for index in insert.ids.indices { problems[index] = ("stopped", "") }
      problems[bad] = ("invalid", "Cannot convert value to integer (bad value): x")
      return .rows(problems)
    }
    #expect(result.statuses == [204, 204, 204])
    #expect(fake.rejected.count == 1)
    let rejection = try #require(fake.rejected.first)
    #expect(rejection["reason"] == "row_invalid")
    #expect(rejection["event_id"] == "bad")
    #expect(rejection["detail"] == "Cannot convert value to integer (bad value): x")
    let good = fake.inserts.filter { !$0.ids.contains("bad") }.flatMap(\.ids)
    #expect(good.sorted() == ["e1", "e3"])
  }

  @Test(arguments: [
    FakeBigQuery.Answer.status(413, htmlPage),
    .status(400, FakeBigQuery.error("invalid", "Maximum allowed row size exceeded. Row size: 1.")),
    .status(400, FakeBigQuery.error("invalid", "Invalid value at 'rows[0].json'")),
    .status(400, FakeBigQuery.error("invalid", "too many rows present in the request")),
    .status(
      400, FakeBigQuery.error("badRequest", "Request payload size exceeds the limit: 10485760")),
  ])
  func `an insert that is too large goes again in halves, and what is too large alone is kept`(
    _ refusal: FakeBigQuery.Answer
  ) throws {
    let fake = try FakeBigQuery()
    let rows = (0..<8).map { row("e\($0)") } + [row("large")]
    let result = try Self.run(fake, ["BATCH_LINGER": "1s"], rows: rows) { insert, _ in
      insert.ids.count > 2 || insert.ids.contains("large") ? refusal : .ok
    }
    #expect(result.statuses.allSatisfy { $0 == 204 })
    #expect(fake.rejected.map { $0["event_id"] } == ["large"])
  }

  @Test(arguments: [
    FakeBigQuery.Answer.status(400, htmlPage), .status(400),
    .status(400, FakeBigQuery.error("invalid", "Something new.")),
  ])
  func `a refusal that says nothing about rows goes again in halves, and no row is kept for it`(
    _ refusal: FakeBigQuery.Answer
  ) throws {
    let fake = try FakeBigQuery()
    let rows = (0..<8).map { row("e\($0)") } + [row("odd")]
    let result = try Self.run(fake, ["BATCH_LINGER": "1s"], rows: rows) { insert, _ in
      insert.ids.contains("odd") ? refusal : .ok
    }
    #expect(result.statuses.filter { $0 == 204 }.count == 8)
    #expect(result.statuses.filter { $0 == 503 }.count == 1)
    #expect(fake.rejected.isEmpty)
    #expect(result.log.contains(#""reason":"insert_failed""#))
  }

  @Test func `a refused token is replaced once, at once, and the rows go again`() throws {
    let fake = try FakeBigQuery()
    fake.set { state in
      state.answer = { insert, _ in insert.authorization == "Bearer token-2" ? .ok : .status(401) }
    }
    let loader = try RunningLoader(fake, token: true)
    let began = Date()
    #expect(loader.push((0..<20).map { row("e\($0)") }).allSatisfy { $0 == 204 })
    #expect(Date().timeIntervalSince(began) < 3)
    loader.stop()
    #expect(fake.state.withLock { $0.tokens } == 2)
  }

  @Test func `a token that is refused again and again is given back`() throws {
    let fake = try FakeBigQuery()
    fake.set { $0.answer = { _, _ in .status(401) } }
    let loader = try RunningLoader(fake, token: true)
    #expect(loader.push([row("e1")]) == [503])
    let log = loader.stop()
    #expect(log.contains("status 401"))
    #expect(!log.contains("token-"))
  }

  @Test func `a lost answer leads to the same rows under the same ids`() throws {
    let fake = try FakeBigQuery()
    let rows = (0..<5).map { row("e\($0)") }
    let result = try Self.run(fake, ["REQUEST_TIMEOUT": "6s"], rows: rows) { _, count in
      count == 0 ? .status(503) : .ok
    }
    #expect(result.statuses.allSatisfy { $0 == 204 })
    var sent: [String: Int] = [:]
    for id in fake.inserts.flatMap(\.ids) { sent[id, default: 0] += 1 }
    #expect(sent.values.max() == 2)
    #expect(sent.count == 5)
  }

  @Test func `no answer at all is given back in time`() throws {
    let fake = try FakeBigQuery()
    let began = Date()
    let result = try Self.run(fake) { _, _ in .never }
    #expect(result.statuses.allSatisfy { $0 == 503 || $0 == 504 })
    #expect(Date().timeIntervalSince(began) < 6)
  }

  @Test func `a host that does not resolve is given back, and named`() throws {
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(
      fake, ["BIGQUERY_EMULATOR_HOST": "http://no-such-host.invalid:1", "TEMPLATE_SUFFIX": ""])
    #expect(loader.push([row("e1")]) == [503])
    #expect(loader.stop().contains("host name"))
  }

  @Test func `while BigQuery is down pushes are sent back at once, and it is tried again`() throws {
    let fake = try FakeBigQuery()
    fake.set { $0.answer = { _, _ in .status(503) } }
    let loader = try RunningLoader(fake, ["TEMPLATE_SUFFIX": "", "REQUEST_TIMEOUT": "10s"])
    func isOpen() -> Bool { loader.state.breaker.withLock { $0.isOpen } }
    // Until the breaker opens each of these waits for its insert.
    for attempt in 0..<40 where !isOpen() {
      #expect(loader.push((0..<4).map { row("a\(attempt)-\($0)") }).allSatisfy { $0 == 503 })
    }
    #expect(isOpen())
    let before = fake.inserts.count
    #expect(loader.push((0..<100).map { row("b\($0)") }).allSatisfy { $0 == 503 })
    // All but a probe or two were not even tried.
    #expect(fake.inserts.flatMap(\.ids).filter { $0.hasPrefix("b") }.count < 100)
    #expect(fake.inserts.count - before < 10)
    fake.set { $0.answer = { _, _ in .ok } }
    let came = Date()
    var statuses: [Int] = []
    while Date().timeIntervalSince(came) < 15, statuses != [204] {
      statuses = loader.push([row("late")])
      usleep(20_000)
    }
    #expect(statuses == [204])
    let log = loader.stop()
    #expect(log.contains("BigQuery is down"))
    #expect(log.contains("BigQuery answers again."))
    #expect(log.contains(#""reason":"bigquery_down""#))
  }

  @Test(arguments: [(0.0, 503, 0), (-3600.0, 204, 1)])
  func `a column that is not there yet is waited for while the message is young`(
    _ age: TimeInterval, _ status: Int, _ rejections: Int
  ) throws {
    let fake = try FakeBigQuery()
    fake.set { $0.answer = { _, _ in .rows([0: ("invalid", "no such field: colour.")]) } }
    let loader = try RunningLoader(fake)
    let push = RunningLoader.Push(row: row("e1"), published: Date(timeIntervalSinceNow: age))
    #expect(loader.push([push]) == [status])
    let log = loader.stop()
    #expect(fake.rejected.count == rejections)
    #expect(log.contains(rejections == 0 ? "schema_pending" : "row_invalid"))
  }

  @Test func `no request is over BigQuery's limit, whatever the ids are`() throws {
    let fake = try FakeBigQuery()
    // The first insert keeps the way busy, so that others gather in a batch. Each byte of such an id is
    // six in JSON, which is more than the batch has counted. The limit is a small one here.
    fake.set {
      $0.answer = { insert, _ in insert.ids.contains { $0.hasSuffix("x0") } ? .never : .ok }
    }
    let rows = (0..<40).map { row(String(repeating: "\\u0001", count: 120) + "x\($0)") }
    let loader = try RunningLoader(
      fake, ["BATCH_BYTES": "8000", "BATCH_LINGER": "3s", "TEMPLATE_SUFFIX": ""],
      maxRequestBytes: 10_000)
    let statuses = loader.push(rows)
    let log = loader.stop()
    #expect(statuses.contains(204))
    #expect(fake.inserts.allSatisfy { $0.bytes <= 10_000 })
    #expect(log.contains("An insert is sent again in halves."))
  }

  @Test func `a row that BigQuery finds too large alone is kept, and stops nothing`() throws {
    let fake = try FakeBigQuery()
    let large = row("large", more: #","page_title":"\#(String(repeating: "x", count: 9_400_000))""#)
    let result = try Self.run(
      fake, ["REQUEST_TIMEOUT": "40s"], rows: [row("e1"), large, row("e2")]
    ) { insert, _ in insert.bytes > 9_000_000 ? .status(413, Self.htmlPage) : .ok }
    #expect(result.statuses == [204, 204, 204])
    #expect(fake.rejected.map { $0["event_id"] } == ["large"])
    #expect(Set(fake.inserts.flatMap(\.ids)) == ["e1", "e2", "large"])
  }
}
