// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import LocalCloud
import PixelModel
import Testing

@testable import Acceptance

@Suite struct EntryIdentityTests {
  private func identity(_ text: String) -> EntryIdentity {
    EntryIdentity(Array(text.utf8), pixelPaths: ["/pixel.png", "/pixel.gif"])
  }

  private static let longID = String(repeating: "i", count: 101)

  @Test(arguments: [
    (
      #"{"timestamp":"2026-01-02T03:44:05.1Z","insertId":"jn_f.3-X"}"#,
      "20260102T034405.100000000Z-jn_f.3-X"
    ),
    (
      #"{"timestamp":"2026-01-02T03:44:05.123456789+01:00","insertId":"a"}"#,
      "20260102T024405.123456789Z-a"
    ),
    (
      #"{"receiveTimestamp":"2026-01-02T03:44:05Z","insert_id":"a"}"#,
      "20260102T034405.000000000Z-a"
    ),
  ])
  func `an entry's id is its time and insertId`(_ text: String, _ id: String) {
    #expect(identity(text).eventID == id)
  }

  // The pipeline's own code as the other opinion.
  @Test(arguments: ["plain", "with space", "é", longID, "a/b", "x\"y"])
  func `ids agree with those that the pipeline gives`(_ insertID: String) throws {
    let time = "2026-01-02T03:44:05.123456789Z"
    let entry = JSON.object(["timestamp": .string(time), "insertId": .string(insertID)])
    let timeBytes = Array(time.utf8)
    let parsed = Timestamp(rfc3339: timeBytes.span, 0..<timeBytes.count)
    let timestamp = try #require(parsed)
    var writer = ByteWriter()
    writer.append(eventIDAt: timestamp, insertID: Array(insertID.utf8).span)
    #expect(identity(entry.text).eventID == String(decoding: writer.bytes, as: UTF8.self))

    let without = JSON.object(["timestamp": .string(time)])
    writer.removeAll()
    writer.append(eventIDAt: timestamp, entry: without.bytes.span)
    #expect(identity(without.text).eventID == String(decoding: writer.bytes, as: UTF8.self))
  }

  @Test(arguments: [
    ("https://h/pixel.png?a=/b", "/pixel.png"), ("/pixel.gif?u=https://x/y", "/pixel.gif"),
    ("http://[2001:db8::1]:80/a#b", "/a"), ("http://h", "/"), ("http://h?x=1", "/"),
    ("https://user:p@h/pixel.png#?", "/pixel.png"), ("", "(no request)"),
  ])
  func `an entry's path is that of its URL`(_ url: String, _ path: String) {
    let entry = JSON.object(["httpRequest": ["requestUrl": .string(url)]])
    #expect(identity(entry.text).path == path)
  }

  @Test(arguments: [
    (#"{"httpRequest":{"requestMethod":"GET","requestUrl":"http://h/pixel.png"}}"#, true),
    (#"{"http_request":{"request_method":"HEAD","request_url":"/pixel.gif?x"}}"#, true),
    (#"{"httpRequest":{"requestMethod":"OPTIONS","requestUrl":"http://h/pixel.png"}}"#, false),
    (#"{"httpRequest":{"requestMethod":"GET","requestUrl":"http://h/pixel.png/"}}"#, false),
    (#"{"resource":{"type":"pixel_ingest"}}"#, true), (#"{"textPayload":"x"}"#, false),
    ("[1]", true), ("not JSON", true), ("\u{0}", true),
  ])
  func `a hit, and what cannot be read, may not be left alone`(_ text: String, _ counts: Bool) {
    #expect(identity(text).counts == counts)
  }
}

@Suite struct ReplayOutcomeTests {
  private static func entry(_ id: String, path: String = "/pixel.png") -> [UInt8] {
    let url = "http://h\(path)?type=t"
    let entry = JSON.object([
      "timestamp": "2026-01-02T03:04:05Z", "insertId": .string(id),
      "httpRequest": ["requestMethod": "GET", "requestUrl": .string(url)],
    ])
    return entry.bytes
  }

  private static func eventID(_ id: String) -> String { "20260102T030405.000000000Z-\(id)" }

  private func outcome(_ lines: [[UInt8]]) -> ReplayOutcome {
    ReplayOutcome(lines: lines.map { ($0, EntryIdentity($0, pixelPaths: ["/pixel.png"])) })
  }

  private func rejection(_ data: [UInt8], _ attributes: JSON) -> JSON {
    ["data": .string(Data(data).base64EncodedString()), "attributes": attributes]
  }

  @Test func `each line is a row, a rejection or left alone`() {
    let lines = [
      Self.entry("a"), Self.entry("b"), Self.entry("c", path: "/x"), Array("nonsense".utf8),
      Self.entry("d"),
    ]
    var outcome = outcome(lines)
    outcome.note(rowOf: Self.eventID("a"), in: "t1")
    outcome.note(rowOf: Self.eventID("other"), in: "t2")
    outcome.note(rejection(lines[1], ["reason": "missing_required"]))
    outcome.note(rejection(lines[3], ["reason": "entry_not_json"]))
    // What the loader rejects has the row's bytes.
    outcome.note(
      rejection([1], ["reason": "row_invalid", "event_id": .string(Self.eventID("d"))]))
    let account = outcome.account(settled: true)
    #expect(account.isComplete && account.total == 5 && account.repeats == 0)
    #expect(account.rows == ["t1": 1])
    #expect(
      account.rejected == ["missing_required": 1, "entry_not_json": 1, "row_invalid": 1])
    #expect(account.leftAlone == ["/x": 1])
  }

  @Test func `the same line twice is one row and no repeat, two rows of it are one`() {
    var outcome = outcome([Self.entry("a"), Self.entry("a")])
    outcome.note(rowOf: Self.eventID("a"), in: "t")
    #expect(outcome.account(settled: true).rows == ["t": 2])
    #expect(outcome.account(settled: true).repeats == 0)
    outcome.note(rowOf: Self.eventID("a"), in: "t")
    #expect(outcome.account(settled: true).repeats == 1)
  }

  @Test func `a hit that vanished, or ended twice, is unaccounted for`() {
    let lines = [Self.entry("a"), Self.entry("b"), Self.entry("c"), Array("nonsense".utf8)]
    var outcome = outcome(lines)
    outcome.note(rowOf: Self.eventID("b"), in: "t")
    outcome.note(rejection(lines[1], ["reason": "missing_required"]))
    outcome.note(rowOf: Self.eventID("c"), in: "t1")
    outcome.note(rowOf: Self.eventID("c"), in: "t2")
    let account = outcome.account(settled: true)
    #expect(account.unaccounted.count == 4 && !account.isComplete)
  }

  @Test func `each line says what became of it`() {
    let test = Self.entry("t", path: "/pixel.png?%5Ftest=1&a")
    let lines = [
      Self.entry("a"), Self.entry("b"), Self.entry("c", path: "/x\u{1B}"), Array("nonsense".utf8),
      test, Self.entry("e"),
    ]
    var outcome = outcome(lines)
    outcome.note(rowOf: Self.eventID("a"), in: "pixel.t1")
    outcome.note(rejection(lines[1], ["reason": "missing_required"]))
    outcome.note(rejection(lines[3], ["reason": "entry_not_json"]))
    #expect(
      outcome.report(settled: true) == [
        "1\trow\tpixel.t1\t20260102T030405.000000000Z-a",
        "2\trejected\tmissing_required\t20260102T030405.000000000Z-b",
        "3\tleft alone\t/x\u{FFFD}\t20260102T030405.000000000Z-c",
        "4\trejected\tentry_not_json\t",
        "5\tleft alone\t/pixel.png (a test)\t20260102T030405.000000000Z-t",
        "6\tunaccounted for\tneither row nor rejection: 20260102T030405.000000000Z-e"
          + "\t20260102T030405.000000000Z-e",
      ])
    // A test that leaves a row is wrong.
    outcome.note(rowOf: Self.eventID("t"), in: "pixel.t1")
    #expect(outcome.account(settled: true).unaccounted.count == 2)
  }

  @Test func `nothing is left alone before all is settled`() {
    let outcome = outcome([Self.entry("a", path: "/x")])
    #expect(!outcome.account(settled: false).isComplete)
    #expect(outcome.account(settled: true).isComplete)
  }

  @Test func `the table names what there is, without what could steer a terminal`() {
    var account = Account()
    account.add(.row(table: "pixel.a"))
    account.add(.leftAlone(path: "/\u{1B}[2J"))
    account.add(.unaccounted("x"))
    let table = account.table("read")
    #expect(!table.contains("\u{1B}"))
    #expect(table.contains("pixel.a") && table.hasPrefix("read") && table.hasSuffix("? x"))
  }
}

@Suite struct CheckOutcomeTests {
  private static let hits = CheckHit.plan(1_000, run: "run")

  /// A pipeline that does everything right.
  private func perfect() -> CheckOutcome {
    var outcome = CheckOutcome(hits: Self.hits, run: "run")
    for hit in Self.hits {
      switch hit.expectation {
      case .row(let values): outcome.note(row(values, hit), in: "t")
      case .rejection: outcome.note(rejection(of: hit))
      }
    }
    return outcome
  }

  private func row(_ values: [String: JSON], _ hit: CheckHit, id: String? = nil) -> JSON {
    var members = JSON.Members(values.map { ($0.key, $0.value) })
    members["event_id"] = .string(id ?? hit.orderID)
    return .object(members)
  }

  private func rejection(of hit: CheckHit) -> JSON {
    var reason = "missing_required"
    if case .rejection(let expected) = hit.expectation { reason = expected }
    return [
      "text": .string(#"{"requestUrl":"http://h\#(hit.target)"}"#), "reason": .string(reason),
      "attributes": ["event_id": .string(hit.orderID)],
    ]
  }

  private var aRow: (CheckHit, [String: JSON]) {
    for hit in Self.hits {
      if case .row(let values) = hit.expectation { return (hit, values) }
    }
    return (Self.hits[0], [:])
  }

  private var aRejection: CheckHit {
    Self.hits.first { $0.expectation == .rejection("missing_required") } ?? Self.hits[0]
  }

  @Test func `the plan has a thousand orders, half of them for each road, each kind on both`() {
    #expect(Set(Self.hits.map(\.orderID)).count == 1_000)
    for road in [CheckHit.Road.bucket, .ingest] {
      let hits = Self.hits.filter { $0.road == road }
      #expect(hits.count == 500)
      for reason in ["missing_required", "invalid_value"] {
        #expect(hits.contains { $0.expectation == .rejection(reason) })
      }
      #expect(hits.contains { $0.target.split(separator: "&").count == 300 })
      #expect(hits.contains { $0.target.contains("%E4%B8%96") })
      #expect(hits.contains { $0.target.contains(".gif") })
    }
    #expect(Self.hits.allSatisfy { $0.target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } })
  }

  @Test func `what the plan sends decodes to what it expects`() throws {
    for hit in Self.hits {
      guard case .row(let values) = hit.expectation else { continue }
      let components = try #require(
        URLComponents(string: "http://h" + hit.target.replacing("%zz+%", with: "%25zz+%25")))
      let sent = Dictionary(
        (components.percentEncodedQueryItems ?? []).map { item in
          let value = (item.value ?? "").replacing("+", with: " ")
          return (item.name, value.removingPercentEncoding ?? value)
        }, uniquingKeysWith: { first, _ in first })
      for name in ["order_id", "user_id", "type", "page_title", "page_url"] {
        if let value = values[name] { #expect(value.string == sent[name]) }
      }
    }
  }

  @Test func `a perfect pipeline is complete`() {
    let account = perfect().account()
    #expect(account.isComplete && account.total == 1_000 && account.repeats == 0)
    #expect(account.rejected.keys.sorted() == ["invalid_value", "missing_required"])
    #expect((account.rows["t"] ?? 0) + account.rejected.values.reduce(0, +) == 1_000)
  }

  @Test func `a repeat with the same event id is counted, with another it is an error`() {
    let (hit, values) = aRow
    var outcome = perfect()
    outcome.note(row(values, hit), in: "t")
    #expect(outcome.account().isComplete && outcome.account().repeats == 1)
    outcome.note(row(values, hit, id: "another"), in: "t")
    #expect(outcome.account().unaccounted.count == 1)
  }

  @Test func `a wrong value, a missing row, a row that should be none: each is an error`() {
    let (hit, values) = aRow
    var wrong = CheckOutcome(hits: [hit], run: "run")
    var changed = values
    changed["type"] = "other"
    wrong.note(row(changed, hit), in: "t")
    #expect(
      wrong.account().unaccounted == [
        "\(hit.orderID): type is \"other\", sent was \(values["type"]?.text ?? "")"
      ])

    let missing = CheckOutcome(hits: [hit], run: "run")
    #expect(!missing.account().isComplete)

    var accepted = CheckOutcome(hits: [aRejection], run: "run")
    accepted.note(
      ["order_id": .string(aRejection.orderID), "event_id": "e"], in: "t")
    #expect(!accepted.account().isComplete)

    var both = CheckOutcome(hits: [hit], run: "run")
    both.note(row(values, hit), in: "t")
    both.note(rejection(of: hit))
    #expect(!both.account().isComplete)

    var refused = perfect()
    refused.refused[hit.orderID] = "answered 503"
    #expect(refused.account().unaccounted == ["\(hit.orderID): answered 503"])
  }
}

@Suite struct SettlingTests {
  private func state(last: Int, logs: Int?, events: Int?) -> JSON {
    func topic(_ name: String, _ oldest: Int?) -> JSON {
      [
        "name": .string(name),
        "subscriptions": [["oldestUnacked": oldest.map { .string(String($0)) } ?? .null]],
      ]
    }
    return [
      "lastMessageId": .string(String(last)),
      "topics": [topic("pixel-events", events), topic("pixel-logs", logs)],
    ]
  }

  @Test func `all is settled when the events that the entries became are done`() {
    var settling = Settling(lastEntry: 10)
    let looks = [
      // Entries on their way.
      state(last: 12, logs: 9, events: nil),
      // All parsed; event 15 is the last that can be ours, though others go on.
      state(last: 15, logs: 11, events: 14), state(last: 20, logs: nil, events: 15),
      state(last: 30, logs: 25, events: 16),
    ].map { settling.look($0) }
    #expect(looks == [false, false, false, true])
  }

  @Test func `a cloud that has nothing to do is settled at once`() {
    var settling = Settling(lastEntry: 10)
    let settled = settling.look(state(last: 12, logs: nil, events: nil))
    #expect(settled)
  }
}
