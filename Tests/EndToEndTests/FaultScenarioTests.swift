// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// Faults that strike the running loader between Pub/Sub and BigQuery: what was published ends in a row,
/// once, whatever happened on the way. `scripts/dev/faults.sh` runs many more against an outside judge.
@Suite(.serialized) struct FaultScenarioTests {
  struct Scenario: CustomTestStringConvertible, Sendable {
    let name: String
    var mode = "off"
    var seconds = 4.0
    var every = 1
    var testDescription: String { name }
  }

  static let scenarios = [
    Scenario(name: "BigQuery answers 503 for four seconds", mode: "503"),
    Scenario(
      name: "a third of the answers is lost after the rows are in", mode: "503-after", every: 3),
    Scenario(name: "a third of the answers ends in its middle", mode: "half-after", every: 3),
    Scenario(name: "a third of the inserts is over a quota", mode: "403", every: 3),
    Scenario(name: "a third of the inserts meets a page in HTML", mode: "html", every: 3),
    Scenario(name: "tables are not seen for three seconds", mode: "404", seconds: 3),
    Scenario(name: "a third of the requests finds its token refused", mode: "401", every: 3),
  ]

  /// Publishes 600 rows of ten users over about three seconds.
  static func feed(_ pipeline: LoaderPipeline, _ during: (Int) throws -> Void = { _ in }) throws {
    for part in 0..<12 {
      let rows = (0..<50).map {
        LoaderPipeline.row("e\(part * 50 + $0)", user: "u\(($0 + part) % 10)")
      }
      pipeline.publish(rows)
      try during(part)
      Thread.sleep(forTimeInterval: 0.25)
    }
  }

  static func judge(_ pipeline: LoaderPipeline) throws {
    try pipeline.waitUntilSettled()
    let counts = try pipeline.eventCounts()
    #expect(counts.count == 600)
    let twice = counts.filter { $0.value != 1 }
    #expect(twice.isEmpty)
    #expect(try pipeline.tables().count == 10)
    #expect(pipeline.rejections().isEmpty)
  }

  @Test(.timeLimit(.minutes(10)), arguments: scenarios)
  func `nothing is lost or there twice`(_ scenario: Scenario) throws {
    let pipeline = try LoaderPipeline()
    defer { pipeline.stop() }
    pipeline.fault(scenario.mode, seconds: scenario.seconds, every: scenario.every)
    try Self.feed(pipeline)
    try Self.judge(pipeline)
    #expect(pipeline.loader.stop() == 0)
  }

  @Test(.timeLimit(.minutes(10)))
  func `nothing is lost when the loader is killed three times`() throws {
    let pipeline = try LoaderPipeline()
    defer { pipeline.stop() }
    // Answers are lost now and then, so that there are inserts on their way when it is killed.
    pipeline.fault("503-after", seconds: 4, every: 2)
    try Self.feed(pipeline) { part in
      guard [2, 5, 8].contains(part) else { return }
      pipeline.loader.killNow()
      try pipeline.startLoader()
    }
    try Self.judge(pipeline)
  }

  @Test(.timeLimit(.minutes(10)))
  func `nothing is lost when the loader is told to end while BigQuery is down`() throws {
    let pipeline = try LoaderPipeline()
    defer { pipeline.stop() }
    pipeline.fault("503", seconds: 4)
    try Self.feed(pipeline) { part in
      guard part == 4 else { return }
      #expect(pipeline.loader.stop() == 0)
      try pipeline.startLoader()
    }
    try Self.judge(pipeline)
  }

  @Test(.timeLimit(.minutes(10)))
  func `somebody who makes up users costs a bounded number of tables and delays nobody`() throws {
    let pipeline = try LoaderPipeline(["MAX_NEW_TABLES_PER_HOUR": "20"])
    defer { pipeline.stop() }
    for part in 0..<20 {
      pipeline.publish(
        (0..<100).map { LoaderPipeline.row("m\(part)-\($0)", user: "\(part)x\($0)") })
      Thread.sleep(forTimeInterval: 0.1)
    }
    // With all new tables used up a restart must not take those that there are for new ones.
    try pipeline.waitUntilSettled()
    let before = Set(try pipeline.tables().keys).subtracting(["pixel_Zo_20260102"])
    #expect((1...20).contains(before.count))
    pipeline.loader.stop()
    try pipeline.startLoader()
    let users = before.compactMap { $0.split(separator: "_").dropFirst().first }
    pipeline.publish(users.map { LoaderPipeline.row("again-\($0)", user: String($0)) })
    try pipeline.waitUntilSettled()
    let tables = try pipeline.tables()
    for user in users {
      #expect(tables["pixel_\(user)_20260102"]?.count == 2, "\(user)")
    }
    #expect(try pipeline.eventCounts().count == 2000 + users.count)
    let shown = pipeline.loader.output.contains(#""reason":"table_overflow""#)
    #expect(
      shown || pipeline.loader.stop() == 0 && pipeline.loader.output.contains("table_overflow"))
  }
}
