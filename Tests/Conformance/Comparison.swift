// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport

/// Says in words how what happened differs from what a case expects; nothing if it does not.
struct Comparison {
  let expect: [String: Any]
  let takes: Echo.Takes
  private let isUnwrapped: Bool
  private(set) var differences: [String] = []

  init(_ one: Case, _ takes: Echo.Takes) {
    expect = one.expect
    self.takes = takes
    isUnwrapped = one.kind.hasSuffix("nowrapper")
  }

  mutating func compare(_ answer: RawClient.Answer, received: [[String: Any]]) {
    compareAnswer(answer)
    let calls = expect["handler_calls"] as? Int ?? 0
    check("calls", received.count == calls, "\(received.count)", "\(calls)")
    guard received.count == calls else { return }
    if takes == .events {
      let one = (expect["event"] as? [String: Any]).map { [$0] }
      let events = one ?? expect["events"] as? [[String: Any]] ?? []
      for (index, event) in events.enumerated() where index < received.count {
        compareEvent(received[index], event)
      }
    } else if let message = expect["pubsub"] as? [String: Any], let first = received.first {
      compareMessage(first, message)
    }
  }

  private mutating func check(_ what: String, _ isGood: Bool, _ got: String, _ want: String) {
    if !isGood { differences.append("\(what) \(got.prefix(200)), not \(want.prefix(200))") }
  }

  // MARK: Answer

  private mutating func compareAnswer(_ answer: RawClient.Answer) {
    let wanted = expect["status_class"] as? String ?? "any"
    check(
      "status", wanted == "any" || wanted.first == "\(answer.status)".first, "\(answer.status)",
      wanted)
    if let status = expect["status"] as? Int {
      check("status", answer.status == status, "\(answer.status)", "\(status)")
    }
    for (name, wanted) in expect["response_headers"] as? [String: Any] ?? [:] {
      let got = answer.fields[name] ?? ""
      let choices = wanted as? [String] ?? [wanted as? String ?? ""]
      check(name, choices.contains { Self.matches(got, $0) }, got, "\(choices)")
    }
  }

  private static func matches(_ got: String, _ want: String) -> Bool {
    if want == "positive integer" { return Int(got).map { $0 > 0 } ?? false }
    if want.hasPrefix("contains ") { return got.contains(want.dropFirst(9)) }
    return got == want
  }

  // MARK: What was received

  private mutating func compareEvent(_ got: [String: Any], _ want: [String: Any]) {
    compareTexts(
      "attribute", got["attributes"] as? [String: String] ?? [:],
      want["attributes"] as? [String: String] ?? [:], times: ["time"])
    let data = (got["data"] as? String).flatMap { Data(base64Encoded: $0) }
    let text = data.map { String(decoding: $0, as: UTF8.self) } ?? "absent"
    if let base64 = want["data_base64"] as? String {
      check("data", data == Data(base64Encoded: base64), text, base64)
    }
    if let json = want["data_json"] {
      let value = data.flatMap {
        try? JSONSerialization.jsonObject(with: $0, options: .fragmentsAllowed)
      }
      check("data", (value as? NSObject) == (json as? NSObject), text, "\(json)")
    }
    if want["data_absent"] as? Bool == true { check("data", data == nil, text, "absent") }
    if let size = want["data_size"] as? Int {
      check("size of data", data?.count == size, "\(data?.count ?? -1)", "\(size)")
    }
  }

  private mutating func compareMessage(_ got: [String: Any], _ want: [String: Any]) {
    var attributes = got["attributes"] as? [String: String] ?? [:]
    let wanted = want["attributes"] as? [String: String] ?? [:]
    let facts = got["facts"] as? [String: String] ?? [:]
    if takes == .rawBodies || isUnwrapped {
      // Attributes came among the headers of HTTP, where they cannot be told apart with certainty.
      attributes = attributes.filter { wanted[$0.key] != nil }
    }
    compareTexts("attribute", attributes, wanted, times: [])
    let names = [
      "message_id", "subscription", "topic", "ordering_key", "publish_time", "delivery_attempt",
    ]
    for name in names {
      // The topic is not in the messages of most cases, and so not expected, but may be known.
      guard want[name] != nil || name != "topic" else { continue }
      let value = want[name].flatMap { $0 is NSNull ? nil : "\($0)" }
      let isSame = name == "publish_time" ? Moment.same(facts[name], value) : facts[name] == value
      let isNone = value == nil && facts[name] == ""
      check(name, isSame || isNone, facts[name] ?? "absent", value ?? "absent")
    }
    check(
      "data", got["data"] as? String == want["data_base64"] as? String, "\(got["data"] ?? "")",
      "\(want["data_base64"] ?? "")")
  }

  private mutating func compareTexts(
    _ what: String, _ got: [String: String], _ want: [String: String], times: Set<String>
  ) {
    for name in Set(got.keys).union(want.keys).sorted() {
      let isSame =
        times.contains(name) ? Moment.same(got[name], want[name]) : got[name] == want[name]
      check("\(what) \(name)", isSame, got[name] ?? "absent", want[name] ?? "absent")
    }
  }
}
