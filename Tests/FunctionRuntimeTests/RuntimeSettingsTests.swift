// SPDX-License-Identifier: MIT
import Settings
import Testing

@testable import FunctionRuntime

@Suite struct RuntimeSettingsTests {
  /// What the first problem says; nil if there is none.
  private func problem(_ reader: SettingsReader) -> String? {
    do throws(SettingsError) {
      try reader.check()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func `each setting that is read is a row of the help`() {
    var reader = SettingsReader(environment: [:])
    let settings = RuntimeSettings(&reader)
    #expect(problem(reader) == nil)
    let rows = reader.rows.map(\.name)
    for name in [
      "PORT", "WORKERS", "LOG_LEVEL", "LOG_FORMAT", "MAX_BODY_BYTES", "MAX_IN_FLIGHT",
      "MAX_BUFFERED_BYTES", "REQUEST_TIMEOUT", "DRAIN_TIMEOUT",
    ] {
      #expect(rows.contains(name))
    }
    #expect(settings.port == 8080)
    #expect(settings.workers == 1)
    #expect(settings.limits.maxBodyBytes == 16 << 20)
    #expect(settings.limits.maxBufferedBytes >= 32 << 20)
    #expect(settings.limits.requestTimeout == .seconds(40))
    #expect(settings.drainTimeout == .seconds(8))
  }

  @Test(arguments: [
    ("PORT", "65536"), ("PORT", "-1"), ("WORKERS", "0"), ("LOG_LEVEL", "loud"),
    ("LOG_FORMAT", "xml"), ("MAX_BODY_BYTES", "0"), ("MAX_IN_FLIGHT", "0"),
    ("REQUEST_TIMEOUT", "0s"), ("DRAIN_TIMEOUT", "-1s"),
  ])
  func `a setting of the runtime that can't work stops the start`(_ name: String, _ value: String) {
    var reader = SettingsReader(environment: [name: value])
    _ = RuntimeSettings(&reader)
    #expect(problem(reader)?.hasPrefix("\(name) is '\(value)': allowed ") == true)
  }

  @Test func `anybody may push only where nobody can`() {
    var laptop = SettingsReader(environment: ["PUSH_AUTH": "none"])
    _ = PushAuthentication(&laptop)
    #expect(problem(laptop) == nil)
    var cloud = SettingsReader(environment: ["PUSH_AUTH": "none", "K_SERVICE": "log-parse"])
    _ = PushAuthentication(&cloud)
    #expect(problem(cloud)?.contains("PUSH_AUTH is 'none'") == true)
  }
}
