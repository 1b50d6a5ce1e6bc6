// SPDX-License-Identifier: MIT
import Settings

/// The settings of a function that takes pushes and has none of its own.
public struct PushSettings: Sendable {
  public let authentication: PushAuthentication

  public init(_ reader: inout SettingsReader) {
    authentication = PushAuthentication(&reader)
  }
}

/// No settings but the runtime's.
public struct NoSettings: Sendable {
  public init(_ reader: inout SettingsReader) {}
}
