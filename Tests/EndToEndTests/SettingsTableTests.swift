// SPDX-License-Identifier: MIT
import Foundation
import TestSupport
import Testing

@Suite struct SettingsTableTests {
  @Test func `the pages' tables of settings say what the programs' help says`() throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", packageRoot.path + "/scripts/dev/settings-tables.py", "--bin", binaries.path,
    ]
    process.standardError = output
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
  }
}
