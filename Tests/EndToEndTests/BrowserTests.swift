// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient
import ServerSupport
import TestSupport
import Testing

/// The tracker in real browsers, from a page to rows.
@Suite(.serialized) struct BrowserTests {
  private static let python = PubSubEmulator.find("python3") != nil

  @Test(
    .partOfAll,
    .enabled(
      if: python && PubSubEmulator.find("chromium") != nil, "chromium or python3 is not installed"),
    .timeLimit(.minutes(10)), arguments: ["plain", "gpc", "image"])
  func `what a visitor does with Chromium becomes rows`(_ mode: String) throws {
    try visit(with: "chromium", mode)
  }

  @Test(
    .partOfAll,
    .enabled(
      if: python && PubSubEmulator.find("firefox-esr") != nil,
      "firefox-esr or python3 is not installed"),
    .timeLimit(.minutes(10)), arguments: ["plain", "gpc"])
  func `what a visitor does with Firefox becomes rows`(_ mode: String) throws {
    try visit(with: "firefox", mode)
  }

  private func visit(with browser: String, _ mode: String) throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", packageRoot.appendingPathComponent("Tests/EndToEndTests/browser.py").path, browser,
      "http://127.0.0.1:\(pipeline.ports.ingest)", mode,
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)

    var rows: [[String: Any]] = []
    try waitUntil("every step has a row", within: 15) {
      rows = try pipeline.rows.all()
      return Set(rows.compactMap { $0["type"] as? String }).count == 4 && rows.count >= 5
    }
    let types = rows.compactMap { $0["type"] as? String }.sorted()
    #expect(types == ["bye", "early", "page_view", "page_view", "signup"])
    func one(_ type: String) -> [String: Any] {
      rows.first { $0["type"] as? String == type } ?? [:]
    }
    #expect(one("early")["value"] as? String == "1.5")
    #expect(one("early")["tags"] as? [String] == ["a", "b"])
    #expect(
      one("early")["properties"] as? String == #"{"plan":"pro","seats":5,"zip":"012","n":["1"]}"#)
    #expect(one("signup")["quantity"] as? String == "3")
    let views = rows.filter { $0["type"] as? String == "page_view" }
      .sorted { ($0["client_time"] as? String ?? "") < ($1["client_time"] as? String ?? "") }
    #expect(views.map { $0["page_title"] as? String } == ["First", "Next"])
    let first = try #require(views.first?["page_url"] as? String)
    #expect(views.last?["page_referrer"] as? String == first)
    // The address that the view began with: the hash came later, and hash routes do not count by themselves.
    #expect((views.last?["page_url"] as? String)?.hasSuffix("/next?step=2") == true)
    for row in rows {
      #expect(row["request_path"] as? String == (mode == "image" ? "/pixel.gif" : "/events"))
      #expect(row["user_id"] as? String == "u-browser")
      #expect(row["client_time"] != nil && row["page_url"] != nil)
      #expect(row["privacy"] as? String == (mode == "gpc" ? "gpc" : nil))
      #expect((row["user_agent"] == nil) == (mode == "gpc"))
      #expect((row["remote_ip"] == nil) == (mode == "gpc"))
    }
    if mode == "gpc" { try requireNothingPersonal(pipeline) }
  }

  /// Neither in what was published, nor in any row or log line.
  private func requireNothingPersonal(_ pipeline: LocalPipeline) throws {
    let cloud = "http://127.0.0.1:\(pipeline.ports.cloud)"
    let answer = try #require(fetch("GET", "\(cloud)/_local/requests", on: pipeline.thread))
    let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
    var messages: [String] = []
    for request in object?["requests"] as? [[String: Any]] ?? [] {
      guard let body = request["body"] as? String,
        let published = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
      else { continue }
      for message in published["messages"] as? [[String: Any]] ?? [] {
        let data = try #require(Data(base64Encoded: message["data"] as? String ?? "-"))
        messages.append(String(decoding: data, as: UTF8.self))
      }
    }
    // Five log entries, and five events made of them.
    #expect(messages.count >= 10)
    let rows = try pipeline.rows.all().map {
      String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
    }
    let logs = [pipeline.ingest, pipeline.parse, pipeline.loader].map(\.output)
    for text in messages + rows + logs {
      for personal in ["Mozilla", "Chrome/", "Firefox/", "userAgent", "remoteIp", "user_agent\""] {
        #expect(!text.contains(personal), "\(personal)")
      }
    }
    for text in logs { #expect(!text.contains("u-browser")) }
  }
}
