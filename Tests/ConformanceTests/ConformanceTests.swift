// SPDX-License-Identifier: MIT
import Conformance
import Foundation
import Testing

@Suite struct ConformanceTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures")
  private static let program = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("event-echo")

  @Test(arguments: [("cloudevents-cases.json", 154), ("captures.json", 49)])
  func `every must and should case has its answer and gives the function what was sent`(
    _ file: String, _ count: Int
  ) throws {
    let cases = try Case.read(Self.fixtures.appendingPathComponent(file))
    #expect(cases.count == count)
    let replay = try Replay(program: Self.program)
    let report = Report(cases.map(replay.run))
    #expect(replay.stop())
    print(report)
    for failure in report.failures {
      Issue.record("\(failure.name): \(failure.differences.joined(separator: "; "))")
    }
  }
}
