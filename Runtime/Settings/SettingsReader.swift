// SPDX-License-Identifier: MIT
import Glibc

/// Reads settings from the environment. Each read also writes a row of the `--help` table, so that the
/// table can't differ from the program.
public struct SettingsReader {
  public struct Row {
    public let name: String
    /// Nil if the setting is required.
    public let standard: String?
    public let help: String
  }

  public private(set) var rows: [Row] = []
  private let environment: [String: String]
  private var problem: SettingsError?

  public init(environment: [String: String]) { self.environment = environment }

  /// The environment of this process.
  public static func process() -> SettingsReader {
    var values: [String: String] = [:]
    var entry = unsafe environ
    // `environ` ends in a null pointer; each entry is a C string.
    while let text = unsafe entry.pointee {
      let parts = unsafe String(cString: text).split(separator: "=", maxSplits: 1)
      if let name = parts.first { values[String(name)] = parts.count > 1 ? String(parts[1]) : "" }
      unsafe entry += 1
    }
    return SettingsReader(environment: values)
  }

  /// The raw value, nil if unset or empty; no row.
  public func raw(_ name: String) -> String? {
    environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  public mutating func text(_ name: String, default standard: String, _ help: String) -> String {
    rows.append(Row(name: name, standard: standard, help: help))
    return raw(name) ?? standard
  }

  /// Like `text`, but an empty value counts: it differs from an unset one.
  public mutating func textOrEmpty(_ name: String, default standard: String, _ help: String)
    -> String
  {
    rows.append(Row(name: name, standard: standard, help: help))
    return environment[name] ?? standard
  }

  public mutating func optionalText(_ name: String, _ help: String) -> String? {
    rows.append(Row(name: name, standard: "", help: help))
    return raw(name)
  }

  public mutating func requiredText(_ name: String, _ help: String) -> String {
    rows.append(Row(name: name, standard: nil, help: help))
    guard let value = raw(name) else {
      fail(SettingsError("\(name) is not set: it is required (\(help))"))
      return ""
    }
    return value
  }

  public mutating func integer(
    _ name: String, default standard: Int, in range: ClosedRange<Int>, _ help: String
  ) -> Int {
    rows.append(Row(name: name, standard: "\(standard)", help: help))
    guard let text = raw(name) else { return standard }
    guard let value = Int(text), range.contains(value) else {
      fail(
        SettingsError(
          "\(name) is '\(text)': allowed is a whole number from \(range.lowerBound) to "
            + "\(range.upperBound)"))
      return standard
    }
    return value
  }

  /// A number of bytes: `1048576`, `16MiB`, `9MB`.
  public mutating func bytes(
    _ name: String, default standard: String, in range: ClosedRange<Int>, _ help: String
  ) -> Int {
    rows.append(Row(name: name, standard: standard, help: help))
    let text = raw(name) ?? standard
    guard let value = Self.parseBytes(text), range.contains(value) else {
      fail(
        SettingsError(
          "\(name) is '\(text)': allowed are bytes from \(range.lowerBound) to "
            + "\(range.upperBound), such as 16MiB or 9MB"))
      return Self.parseBytes(standard) ?? range.lowerBound
    }
    return value
  }

  /// A time: `5ms`, `40s`, `2m`, `1h`.
  public mutating func duration(
    _ name: String, default standard: String, in range: ClosedRange<Duration>, _ help: String
  ) -> Duration {
    rows.append(Row(name: name, standard: standard, help: help))
    let text = raw(name) ?? standard
    guard let value = Self.parseDuration(text), range.contains(value) else {
      fail(
        SettingsError(
          "\(name) is '\(text)': allowed is a time from \(range.lowerBound) to "
            + "\(range.upperBound), such as 5ms, 40s or 2m"))
      return Self.parseDuration(standard) ?? range.lowerBound
    }
    return value
  }

  public mutating func choice<C: RawRepresentable & CaseIterable>(
    _ name: String, default standard: C, _ help: String
  ) -> C where C.RawValue == String {
    rows.append(Row(name: name, standard: standard.rawValue, help: help))
    guard let text = raw(name) else { return standard }
    guard let value = C(rawValue: text.lowercased()) else {
      let allowed = C.allCases.map(\.rawValue).joined(separator: ", ")
      fail(SettingsError("\(name) is '\(text)': allowed is one of \(allowed)"))
      return standard
    }
    return value
  }

  /// Notes a problem that the caller found; the first one counts.
  public mutating func fail(_ error: SettingsError) { if problem == nil { problem = error } }

  /// Throws the first problem, if there was one.
  public func check() throws(SettingsError) { if let problem { throw problem } }

  static func parseBytes(_ text: String) -> Int? {
    let units = [
      ("KiB", 1024), ("MiB", 1 << 20), ("GiB", 1 << 30), ("kB", 1000), ("KB", 1000),
      ("MB", 1_000_000), ("GB", 1_000_000_000), ("B", 1),
    ]
    for (unit, factor) in units where text.hasSuffix(unit) {
      let digits = text.dropLast(unit.count)
      guard let number = Int(digits.hasSuffix(" ") ? digits.dropLast() : digits) else { return nil }
      let (product, overflow) = number.multipliedReportingOverflow(by: factor)
      return overflow ? nil : product
    }
    return Int(text)
  }

  static func parseDuration(_ text: String) -> Duration? {
    let units: [(String, Int64)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
    for (unit, factor) in units where text.hasSuffix(unit) {
      guard let number = Int64(text.dropLast(unit.count)) else { return nil }
      let (product, overflow) = number.multipliedReportingOverflow(by: factor)
      return overflow ? nil : .milliseconds(product)
    }
    return nil
  }
}

/// A bad setting: one sentence with the variable, its value, and the allowed values.
public struct SettingsError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
