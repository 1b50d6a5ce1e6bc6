// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import LocalCloud

@Suite struct LineFileTests {
  private let scratch = Scratch()
  private var path: String { scratch.path + "/lines" }

  private func write(_ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  private func text(_ lines: [[UInt8]]) -> [String] {
    lines.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    ("", []), ("one\ntwo\n", ["one", "two"]), ("one\ntw", ["one"]), ("on", []),
    ("one\n\nthree\n", ["one", "", "three"]),
  ])
  func `what a crash has cut off is dropped, and the file goes on from there`(
    _ content: String, _ whole: [String]
  ) throws {
    try write(content)
    let file = try LineFile(path)
    #expect(text(try file.lines(0..<100)) == whole)
    try file.append([Array("next".utf8)])
    let again = try LineFile(path)
    #expect(text(try again.lines(0..<100)) == whole + ["next"])
    #expect(again.count == whole.count + 1)
  }

  @Test func `any part of a long file can be read`() throws {
    let file = try LineFile(path)
    for block in 0..<30 {
      try file.append(
        (0..<1_000).map {
          Array("line \(block * 1_000 + $0) \(String(repeating: "x", count: $0 % 97))".utf8)
        })
    }
    let again = try LineFile(path)
    #expect(again.count == 30_000)
    for start in [0, 1, 12_345, 29_999, 30_000, 40_000] {
      let expected = (start..<max(start, min(start + 2, 30_000))).map { "line \($0)" }
      let got = text(try again.lines(start..<start + 2)).map {
        $0.split(separator: " ").prefix(2).joined(separator: " ")
      }
      #expect(got == expected)
    }
  }

  @Test func `a file that cannot be opened is named`() {
    #expect(throws: LineFile.Failure.self) { try LineFile("/nonexistent/folder/file") }
  }
}
