// SPDX-License-Identifier: MIT
import Envelopes
import Foundation
import Testing

@Suite struct ReasonTests {
  @Test func `every reason is explained on a page`() throws {
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let pages = ["Runtime", "Functions/LogParse", "Functions/BQLoader"]
    let text = try pages.map {
      try String(contentsOf: package.appendingPathComponent("\($0)/README.md"), encoding: .utf8)
    }.joined()
    for reason in Reason.allCases {
      #expect(text.contains("`\(reason.rawValue)`"), "\(reason.rawValue)")
      // A code is a word for a log query.
      #expect(reason.rawValue.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil)
    }
  }
}
