// SPDX-License-Identifier: MIT
import Foundation
import Testing

/// Cases that do not belong to the project, from the folder that `PIPELINE_CASES` names.
enum Cases {
  static let folder =
    ProcessInfo.processInfo.environment["PIPELINE_CASES"]
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/cases")
    .path

  static func lines(_ file: String) -> [[UInt8]]? {
    FileManager.default.contents(atPath: "\(folder)/\(file)").map { data in
      data.split(separator: 0x0A).map { Array($0) }
    }
  }

  static func skip(_ what: String) {
    print("skipped: \(what) is not in \(folder); set PIPELINE_CASES")
  }
}

/// A folder of its own for each test, gone with it.
final class Scratch {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "local-cloud-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
