// SPDX-License-Identifier: MIT
import Testing

@testable import Settings

@Suite struct SettingsReaderTests {
  private enum Colour: String, CaseIterable { case red, green }

  /// What the first problem says; nil if there is none.
  private func problem(_ reader: SettingsReader) -> String? {
    do throws(SettingsError) {
      try reader.check()
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    ("5ms", Duration.milliseconds(5)), ("40s", .seconds(40)), ("2m", .seconds(120)),
    ("1h", .seconds(3600)), ("0s", .zero), ("90071992547409s", .seconds(90_071_992_547_409)),
  ])
  func `a time has a unit`(_ text: String, _ duration: Duration) {
    #expect(SettingsReader.parseDuration(text) == duration)
  }

  @Test(arguments: [
    "", "5", "s", "5 s", "1.5s", "5sec", "5d", "ms", "9223372036854775807h", "0x5s",
  ])
  func `what is no time is none`(_ text: String) {
    #expect(SettingsReader.parseDuration(text) == nil)
  }

  @Test(arguments: [
    ("0", 0), ("1048576", 1 << 20), ("16MiB", 16 << 20), ("9MB", 9_000_000), ("9 MB", 9_000_000),
    ("2GiB", 2 << 30), ("1kB", 1000), ("1KB", 1000), ("1KiB", 1024), ("1GB", 1_000_000_000),
    ("7B", 7),
  ])
  func `bytes may have a unit`(_ text: String, _ bytes: Int) {
    #expect(SettingsReader.parseBytes(text) == bytes)
  }

  @Test(arguments: ["", "MiB", "1.5MiB", "1 0MB", "5TB", "9223372036854775807KiB", "five"])
  func `what is no number of bytes is none`(_ text: String) {
    #expect(SettingsReader.parseBytes(text) == nil)
  }

  @Test func `unset and empty settings have their defaults`() {
    var reader = SettingsReader(environment: ["A": "", "B": "", "C": "", "D": "", "E": "", "F": ""])
    #expect(reader.text("A", default: "x", "") == "x")
    #expect(reader.optionalText("B", "") == nil)
    #expect(reader.integer("C", default: 7, in: 1...9, "") == 7)
    #expect(reader.bytes("D", default: "1MiB", in: 1...(1 << 30), "") == 1 << 20)
    #expect(reader.duration("E", default: "5s", in: .zero...(.seconds(9)), "") == .seconds(5))
    #expect(reader.choice("F", default: Colour.red, "") == .red)
    #expect(reader.textOrEmpty("A", default: "x", "") == "")
    #expect(reader.textOrEmpty("Z", default: "x", "") == "x")
    #expect(problem(reader) == nil)
  }

  @Test func `a bad setting is one sentence with its name, value, and what is allowed`() {
    func sentence(_ value: String, _ read: (inout SettingsReader) -> Void) -> String? {
      var reader = SettingsReader(environment: ["X": value])
      read(&reader)
      return problem(reader)
    }
    #expect(
      sentence("ten") { _ = $0.integer("X", default: 7, in: 1...9, "") }
        == "X is 'ten': allowed is a whole number from 1 to 9")
    #expect(
      sentence("10") { _ = $0.integer("X", default: 7, in: 1...9, "") }
        == "X is '10': allowed is a whole number from 1 to 9")
    #expect(
      sentence("5") { _ = $0.duration("X", default: "5s", in: .zero...(.seconds(9)), "") }
        == "X is '5': allowed is a time from 0.0 seconds to 9.0 seconds, such as 5ms, 40s or 2m")
    #expect(
      sentence("2GB") { _ = $0.bytes("X", default: "1kB", in: 1...2000, "") }
        == "X is '2GB': allowed are bytes from 1 to 2000, such as 16MiB or 9MB")
    #expect(
      sentence("blue") { _ = $0.choice("X", default: Colour.red, "") }
        == "X is 'blue': allowed is one of red, green")
    #expect(
      sentence("") { _ = $0.requiredText("X", "the file") }
        == "X is not set: it is required (the file)")
  }

  @Test func `the first problem is the one that is told`() {
    var reader = SettingsReader(environment: ["A": "x", "B": "y"])
    _ = reader.integer("A", default: 1, in: 1...9, "")
    _ = reader.integer("B", default: 1, in: 1...9, "")
    #expect(problem(reader)?.hasPrefix("A is 'x'") == true)
  }
}
