// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// Files of test cases that other people wrote and that are not part of this repository. They are
/// looked for in the folder that `PIPELINE_CASES` names, else in `../shared/cases` beside the package.
///
/// ```swift
/// @Test(Cases.present("utf8.jsonl")) func `…`() throws {
///   for line in try Cases.lines(of: "utf8.jsonl") { … }
/// }
/// ```
public enum Cases {
  public static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["PIPELINE_CASES"], !path.isEmpty {
      return URL(fileURLWithPath: path)
    }
    // <package>/Tests/Support/Cases.swift
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return package.deletingLastPathComponent().appendingPathComponent("shared/cases")
  }()

  /// Skips a test, and says so, where the file is absent.
  public static func present(_ file: String) -> ConditionTrait {
    .enabled(
      if: FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path),
      "\(file) is not in \(folder.path); set PIPELINE_CASES to the folder that has it")
  }

  /// The JSON objects of a file with one on each line.
  public static func lines(of file: String) throws -> [[String: Any]] {
    try lines(of: folder.appendingPathComponent(file))
  }

  public static func lines(of file: URL) throws -> [[String: Any]] {
    try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }
  }
}
