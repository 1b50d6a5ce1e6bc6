// SPDX-License-Identifier: MIT
import Bytes
import Glibc
public import Logging

/// A swift-log handler that writes one JSON object a line, as Cloud Run and Cloud Logging read it:
/// https://cloud.google.com/logging/docs/structured-logging
///
/// ```swift
/// LoggingSystem.bootstrap { CloudLogHandler(label: $0) }
/// ```
///
/// `severity` and `message` are Cloud Logging's. The logger's label is `logger`. Metadata are members of their own;
/// a key that is one of these three, or a special field of Cloud Logging's, gets `metadata.` in front of it. Of
/// warnings and worse the line says in which file, line and function it was logged.
public struct CloudLogHandler: LogHandler {
  public var logLevel: Logger.Level
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let descriptor: Int32

  /// - Parameters:
  ///   - label: The logger's name.
  ///   - logLevel: The least level that is written.
  ///   - descriptor: Where lines go: 1, standard output. A line is one call of `write`.
  public init(label: String, logLevel: Logger.Level = .info, descriptor: Int32 = 1) {
    self.label = label
    self.logLevel = logLevel
    self.descriptor = descriptor
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var members = metadata
    if let provided = metadataProvider?.get() {
      members.merge(provided) { _, new in new }
    }
    if let own = event.metadata { members.merge(own) { _, new in new } }

    var line = ByteWriter(capacity: 256)
    line.append("{\"severity\":\"\(Self.severity(event.level))\",\"message\":")
    line.append(json: event.message.description)
    line.append(",\"logger\":")
    line.append(json: label)
    if event.level >= .warning { line.append(location: event) }
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      line.append(",")
      line.append(json: Self.isTaken(key) ? "metadata.\(key)" : key)
      line.append(":")
      line.append(metadata: value)
    }
    line.append("}\n")
    line.write(to: descriptor)
  }

  /// Cloud Logging's name of a level: it has no trace, and INFO comes before NOTICE.
  private static func severity(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "DEBUG"
    case .info: "INFO"
    case .notice: "NOTICE"
    case .warning: "WARNING"
    case .error: "ERROR"
    case .critical: "CRITICAL"
    }
  }

  /// Names that the line has already, or that Cloud Logging would take out of the payload.
  private static func isTaken(_ key: String) -> Bool {
    ["severity", "message", "logger", "time", "timestamp", "httpRequest"].contains(key)
      || key.hasPrefix("logging.googleapis.com/")
  }
}

extension ByteWriter {
  fileprivate mutating func append(location event: LogEvent) {
    append(",\"logging.googleapis.com/sourceLocation\":{\"file\":")
    append(json: event.file)
    append(",\"line\":\"\(event.line)\",\"function\":")
    append(json: event.function)
    append("}")
  }

  fileprivate mutating func append(metadata value: Logger.MetadataValue) {
    switch value {
    case .string(let text): append(json: text)
    case .stringConvertible(let value): append(json: "\(value)")
    case .array(let values):
      var separator = "["
      for value in values {
        append(separator)
        append(metadata: value)
        separator = ","
      }
      append(values.isEmpty ? "[]" : "]")
    case .dictionary(let members):
      var separator = "{"
      for (key, value) in members.sorted(by: { $0.key < $1.key }) {
        append(separator)
        append(json: key)
        append(":")
        append(metadata: value)
        separator = ","
      }
      append(members.isEmpty ? "{}" : "}")
    }
  }

  /// Writes all bytes. A reader that has gone away loses lines: logging must not end a program.
  fileprivate func write(to descriptor: Int32) {
    var start = 0
    while start < count {
      // In bounds: `start` never passes the count.
      let written = unsafe bytes.withUnsafeBytes { bytes in
        unsafe Glibc.write(
          descriptor, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start)
      }
      if written < 0, errno != EINTR { return }
      start += max(written, 0)
    }
  }
}
