// SPDX-License-Identifier: MIT
import ServerSupport

/// The built pixel-ingest.
final class Running: RunningProgram {
  init(_ environment: [String: String], arguments: [String] = []) throws {
    try super.init("pixel-ingest", environment, arguments: arguments)
  }
}
