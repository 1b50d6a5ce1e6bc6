// SPDX-License-Identifier: MIT
import Foundation

/// A folder of its own for each test, gone with it.
final class Scratch {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "local-cloud-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
