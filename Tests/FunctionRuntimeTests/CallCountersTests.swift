// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import Testing

@testable import FunctionRuntime

@Suite struct CallCountersTests {
  /// The facts of each line that `write` makes.
  private func lines(_ write: (Log) -> Void) throws -> [[String: Any]] {
    let pipe = Pipe()
    let log = Log(loop: nil, format: .json, level: .info, service: "test", version: "9")
    log.descriptor = pipe.fileHandleForWriting.fileDescriptor
    write(log)
    pipe.fileHandleForWriting.closeFile()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return try text.split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }

  private func counted(_ lines: [[String: Any]]) -> [String] {
    lines.map { "\($0["outcome"] ?? "") \($0["reason"] ?? "") \($0["count"] ?? "")" }
  }

  @Test func `a report is a line for each outcome and reason, and counts begin anew`() throws {
    let callCounters = CallCounters()
    let lines = try lines { log in
      for _ in 0..<3 { callCounters.countDone() }
      for _ in 0..<2 { callCounters.count("retry", "publish_failed") }
      callCounters.count("rejected", "invalid_value")
      callCounters.report(log)
      callCounters.report(log)
    }
    #expect(
      counted(lines) == ["done  3", "rejected invalid_value 1", "retry publish_failed 2"])
    #expect(lines.allSatisfy { $0["message"] as? String == "Calls since the last report." })
    #expect(lines.allSatisfy { $0["severity"] as? String == "INFO" })
  }

  @Test func `a report is due when a call ends and a minute has passed`() throws {
    let callCounters = CallCounters()
    let start = Instant(nanoseconds: 5)
    let lines = try lines { log in
      for second in [0, 30, 59, 60, 61, 119, 300, 301] {
        callCounters.countDone()
        callCounters.reportIfDue(log, now: start + .seconds(second))
      }
    }
    // At 60 and at 300 s; the last call waits for its report.
    #expect(counted(lines) == ["done  4", "done  3"])
    #expect(callCounters.done == 1)
  }
}
