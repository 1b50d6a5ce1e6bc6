// SPDX-License-Identifier: MIT
import Events
import Foundation
import Testing

@Suite struct ReasonTests {
  @Test func `every reason is explained in the README`() throws {
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let readme = try String(
      contentsOf: package.appendingPathComponent("README.md"), encoding: .utf8)
    for reason in Reason.allCases {
      #expect(readme.contains("`\(reason.rawValue)`"), "\(reason.rawValue)")
      // A code is a word for a log query.
      #expect(reason.rawValue.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil)
    }
  }
}
