// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// Files of test cases: our own in `Tests/Cases`, and those that other projects wrote, which are not part of
/// this repository and are looked for in the folder that `PIPELINE_CASES` names.
///
/// ```swift
/// @Test func `…`() throws { for line in try Cases.lines(of: Cases.made("lb-logs.jsonl")) { … } }
///
/// @Test(Cases.present("utf8.jsonl")) func `…`() throws {
///   for line in try Cases.lines(of: "utf8.jsonl") { … }
/// }
/// ```
public enum Cases {
  /// `Tests/Cases` of this package.
  public static let made = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Cases")

  public static func made(_ file: String) -> URL { made.appendingPathComponent(file) }

  /// Nil without `PIPELINE_CASES`.
  public static let others: URL? = {
    guard let path = ProcessInfo.processInfo.environment["PIPELINE_CASES"], !path.isEmpty
    else { return nil }
    return URL(fileURLWithPath: path)
  }()

  /// A file of other projects' cases. Tests that read it have the trait ``present(_:)``.
  public static func other(_ file: String) -> URL {
    (others ?? URL(fileURLWithPath: "/PIPELINE_CASES is not set")).appendingPathComponent(file)
  }

  /// Skips a test, and says so, where the file is absent.
  public static func present(_ file: String) -> ConditionTrait {
    .enabled(
      if: FileManager.default.fileExists(atPath: other(file).path),
      others == nil
        ? "PIPELINE_CASES does not name a folder with other projects' cases"
        : "PIPELINE_CASES names a folder without \(file)")
  }

  /// The JSON objects of a file with one on each line.
  public static func lines(of file: String) throws -> [[String: Any]] {
    try lines(of: other(file))
  }

  public static func lines(of file: URL) throws -> [[String: Any]] {
    try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }
  }
}
