// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// Every link between the documents, to a file or to a heading, leads somewhere.
@Suite struct DocumentLinksTests {
  /// The Markdown files of the repository, as git lists them.
  private static func documents() throws -> [String] {
    let shell = try Shell("git ls-files -co --exclude-standard '*.md'", in: packageRoot)
    #expect(shell.end() == 0, "\(shell.output)")
    return shell.output.split(separator: "\n").map(String.init)
      .filter { !$0.contains("/Fixtures/") && !$0.contains("/Cases/") }
  }

  /// The anchors that a page shows for its headings: lower case, words joined by `-`, other punctuation left out.
  private static func anchors(in text: String) -> Set<String> {
    var found: Set<String> = []
    for line in text.split(separator: "\n") where line.hasPrefix("#") {
      let title = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
      let kept = title.filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
      found.insert(kept.replacing(" ", with: "-"))
    }
    return found
  }

  @Test func `no link leads nowhere`() throws {
    var links = 0
    for document in try Self.documents() {
      let file = packageRoot.appendingPathComponent(document)
      let text = try String(contentsOf: file, encoding: .utf8)
      // Code is not read for links.
      let prose = text.replacing(/```[\s\S]*?```/, with: "")
      for match in prose.matches(of: /\]\(([^)\s]+)\)/) {
        let target = String(match.1)
        guard !target.contains("://"), !target.hasPrefix("mailto:"), !target.hasPrefix("doc:")
        else { continue }
        links += 1
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let linked =
          parts[0].isEmpty
          ? file
          : file.deletingLastPathComponent().appendingPathComponent(String(parts[0])).standardized
        #expect(
          FileManager.default.fileExists(atPath: linked.path), "\(document): \(target) is missing")
        guard parts.count == 2, linked.pathExtension == "md" else { continue }
        let page = try String(contentsOf: linked, encoding: .utf8)
        #expect(
          Self.anchors(in: page).contains(String(parts[1])), "\(document): \(target) is no heading")
      }
    }
    #expect(links > 50)
  }
}
