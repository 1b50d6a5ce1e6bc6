// SPDX-License-Identifier: MIT
import Foundation
import TestSupport
import Testing

/// Outages, closed tabs, restored pages and all else that happens to a tracker, in real browsers:
/// `Tracker/scenes.py` has a function for each.
@Suite(.serialized) struct TrackerSceneTests {
  private static let python = PubSubEmulator.find("python3") != nil
  private static let size = TestSize.isLong ? "long" : TestSize.isAll ? "all" : "quick"

  @Test(
    .enabled(
      if: python && PubSubEmulator.find("chromium") != nil, "chromium or python3 is not installed"),
    .timeLimit(.minutes(15)))
  func `no scene in Chromium loses an event, counts one twice, or throws`() throws {
    try play("chromium")
  }

  @Test(
    .enabled(
      if: python && PubSubEmulator.find("firefox-esr") != nil,
      "firefox-esr or python3 is not installed"),
    .timeLimit(.minutes(15)))
  func `no scene in Firefox loses an event, counts one twice, or throws`() throws {
    try play("firefox")
  }

  private func play(_ browser: String) throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let withCookie = try LocalPipeline(settings: ["ID_COOKIE": "id"])
    defer { withCookie.stop() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", packageRoot.appendingPathComponent("Tests/EndToEndTests/Tracker/run.py").path,
      browser, "http://127.0.0.1:\(pipeline.ports.ingest)", "--size", Self.size,
      "--cookie", "http://127.0.0.1:\(withCookie.ports.ingest)",
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)

    var rows: [[String: Any]] = []
    try waitUntil("the burst has its rows", within: 30) {
      rows = try pipeline.rows.all()
      return rows.count { ($0["type"] as? String)?.hasPrefix("e2") ?? false } >= 111
    }
    for row in rows {
      for column in ["client_event_id", "client_time", "language", "screen", "page_url"] {
        #expect(row[column] as? String != nil, "\(column)")
      }
    }
    let visitors = Set(try withCookie.rows.all().compactMap { $0["visitor_id"] as? String })
    #expect(visitors.count == 1)
  }
}
