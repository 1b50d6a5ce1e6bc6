// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import Conformance

@Suite struct ConformanceTests {
  private static let cases = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Cases")
  private static let program = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("event-echo")

  @Test(arguments: [("cloudevents-cases.json", 154), ("captures.json", 49)])
  func `every must and should case has its answer and gives the function what was sent`(
    _ file: String, _ count: Int
  ) throws {
    let cases = try Case.read(Self.cases.appendingPathComponent(file))
    #expect(cases.count == count)
    let replay = try Replay(program: Self.program)
    let report = Report(cases.map(replay.run))
    #expect(replay.stop())
    print(report)
    for failure in report.failures {
      Issue.record("\(failure.name): \(failure.differences.joined(separator: "; "))")
    }
  }

  /// Each expectation changed in one way, which the comparison has to notice.
  private static func changes(of expect: [String: Any]) -> [[String: Any]] {
    var all: [[String: Any]] = []
    func change(_ name: String, _ value: Any) {
      var changed = expect
      changed[name] = value
      all.append(changed)
    }
    if let wanted = expect["status_class"] as? String, wanted != "any" {
      change("status_class", wanted == "2xx" ? "4xx" : "2xx")
    }
    change("handler_calls", (expect["handler_calls"] as? Int ?? 0) + 1)
    for (key, spoilt) in [("event", ["id", "time"]), ("pubsub", [])] {
      guard var received = expect[key] as? [String: Any] else { continue }
      var attributes = received["attributes"] as? [String: String] ?? [:]
      for name in spoilt where attributes[name] != nil {
        attributes[name] = "2001-01-01T00:00:00Z"
        received["attributes"] = attributes
        change(key, received)
      }
      received = expect[key] as? [String: Any] ?? [:]
      for name in received.keys where name != "attributes" {
        var other = received
        other[name] = name == "data_absent" ? nil : "b3RoZXI="
        if name == "data_absent" { other["data_base64"] = "b3RoZXI=" }
        if name == "data_size" { other[name] = 1 }
        change(key, other)
      }
      received["attributes"] = ["a": "not sent"]
      change(key, received)
    }
    return all
  }

  @Test(arguments: ["cloudevents-cases.json", "captures.json"])
  func `a case that expects something else fails`(_ file: String) throws {
    let url = Self.cases.appendingPathComponent(file)
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
    let cases = try #require(json?["cases"] as? [[String: Any]])
    let replay = try Replay(program: Self.program)
    var count = 0
    for one in cases where one["level"] as? String != "choice" {
      for expect in Self.changes(of: one["expect"] as? [String: Any] ?? [:]) {
        var changed = one
        changed["expect"] = expect
        let result = replay.run(try Case(changed, in: Self.cases))
        #expect(!result.passed, "\(result.name) passes with \(expect)")
        count += 1
      }
    }
    #expect(count > 200)
    #expect(replay.stop())
  }
}
