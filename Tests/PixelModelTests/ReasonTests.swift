// SPDX-License-Identifier: MIT
import Envelopes
import Foundation
import FunctionRuntime
import PixelModel
import Testing
import TypedFunctions

@Suite struct ReasonTests {
  private static let all =
    Reason.ofEnvelopes + Reason.ofRuntime + Reason.ofPipeline + [.payloadInvalid]
  private static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func text(_ path: String) throws -> String {
    try String(contentsOf: Self.package.appendingPathComponent(path), encoding: .utf8)
  }

  @Test func `every reason is explained on a page`() throws {
    let pages = try ["Runtime", "Functions/LogParse", "Functions/BQLoader"].map {
      try text("\($0)/README.md")
    }.joined()
    for reason in Self.all {
      #expect(pages.contains("`\(reason)`"), "\(reason)")
      // A code is a word for a log query.
      #expect(reason.rawValue.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil)
    }
  }

  @Test func `the lists have every reason that is declared, each once`() throws {
    let files = [
      "Envelopes/Reason.swift", "FunctionRuntime/RuntimeReasons.swift",
      "PixelModel/PipelineReasons.swift", "TypedFunctions/Payload.swift",
    ]
    let declared = try files.flatMap { file in
      try text("Runtime/\(file)").matches(of: /public static let \w+ = Reason\("(\w+)"\)/)
        .map { String($0.1) }
    }
    #expect(declared.sorted() == Self.all.map(\.rawValue).sorted())
    #expect(Set(declared).count == declared.count)
  }
}
