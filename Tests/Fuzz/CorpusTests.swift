// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// Runs what fuzzing has found, and what it begins with, through the same functions: a finding stays found.
@Suite struct CorpusTests {
  private static func files(of target: FuzzTarget) throws -> [URL] {
    let folder = URL(fileURLWithPath: "\(FuzzTarget.package)/Tests/Fuzz/Corpus/\(target.rawValue)")
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  }

  @Test(arguments: FuzzTarget.allCases)
  func `nothing is found in the corpus`(_ target: FuzzTarget) throws {
    var subject = try target.subject()
    let files = try Self.files(of: target)
    #expect(files.count > 5)
    for file in files {
      let input = Array(try Data(contentsOf: file))
      #expect(subject.finding(in: input) == nil, "\(file.lastPathComponent)")
    }
  }

  @Test(arguments: FuzzTarget.allCases)
  func `nothing is found in the corpus when it is cut off or damaged`(_ target: FuzzTarget) throws {
    var subject = try target.subject()
    for file in try Self.files(of: target) {
      let input = Array(try Data(contentsOf: file))
      for cut in input.cuts {
        let start = Array(input[..<cut])
        try #require(subject.finding(in: start) == nil, "\(file.lastPathComponent) up to \(cut)")
        guard cut < input.count else { continue }
        var damaged = input
        damaged[cut] ^= 0x20
        try #require(subject.finding(in: damaged) == nil, "\(file.lastPathComponent) at \(cut)")
      }
    }
  }
}
