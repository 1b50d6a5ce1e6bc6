// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import Glibc

/// How much a line matters, in Cloud Logging's words (LogSeverity).
public enum Severity: String, Sendable, Comparable, CaseIterable {
  case debug = "DEBUG"
  case info = "INFO"
  case notice = "NOTICE"
  case warning = "WARNING"
  case error = "ERROR"
  case critical = "CRITICAL"

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
}

/// A fact beside a log line's sentence. Never a query, an address, an agent, a token or a personal value.
public enum LogValue: Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
  case text(String)
  case number(Int)

  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int) { self = .number(value) }
}

/// Lines on standard output: one JSON object each in Cloud Logging's structured format, or plain text on
/// a terminal. The lines of one loop turn leave in one `write`.
public final class Log {
  public enum Format: String, Sendable, CaseIterable { case json, text }

  private let loop: EventLoop?
  private let format: Format
  private let level: Severity
  private let service: String
  /// The members that each line has.
  private let identity: [UInt8]
  private var pending = ByteWriter(capacity: 1024)
  private var flushScheduled = false
  /// Standard output, but in tests.
  var descriptor: Int32 = 1

  /// Without a loop each line is written at once.
  public init(loop: EventLoop?, format: Format, level: Severity, service: String, version: String) {
    self.loop = loop
    self.format = format
    self.level = level
    self.service = service
    var identity = ByteWriter()
    identity.append(",\"service\":")
    identity.append(json: service)
    identity.append(",\"version\":")
    identity.append(json: version)
    self.identity = identity.bytes
  }

  public func debug(_ message: String, _ facts: KeyValuePairs<String, LogValue> = [:]) {
    write(.debug, message, facts)
  }
  public func info(_ message: String, _ facts: KeyValuePairs<String, LogValue> = [:]) {
    write(.info, message, facts)
  }
  public func warning(_ message: String, _ facts: KeyValuePairs<String, LogValue> = [:]) {
    write(.warning, message, facts)
  }
  public func error(_ message: String, _ facts: KeyValuePairs<String, LogValue> = [:]) {
    write(.error, message, facts)
  }

  /// Whether a line of this severity would be written.
  func takes(_ severity: Severity) -> Bool { severity >= level }

  /// Writes a line whose facts the caller writes by itself: as members of the JSON object, each with its
  /// comma before it, or as text.
  func line(
    _ severity: Severity, sentence: StaticString = "", json: (inout ByteWriter) -> Void,
    text: (inout ByteWriter) -> Void
  ) {
    guard takes(severity) else { return }
    switch format {
    case .json:
      pending.append("{\"severity\":\"")
      pending.append(severity.rawValue)
      pending.append("\",\"message\":\"")
      pending.append(sentence)
      pending.append("\"")
      let identity = identity
      pending.append(identity.span)
      json(&pending)
      pending.append("}\n")
    case .text:
      pending.append("\(service) \(severity.rawValue.lowercased()): ")
      pending.append(sentence)
      text(&pending)
      pending.append(UInt8(ascii: "\n"))
    }
    flushSoon()
  }

  public func write(
    _ severity: Severity, _ message: String, _ facts: KeyValuePairs<String, LogValue>
  ) {
    guard severity >= level else { return }
    switch format {
    case .json: appendJSON(severity, message, facts)
    case .text: appendText(severity, message, facts)
    }
    flushSoon()
  }

  private func flushSoon() {
    guard let loop, pending.count < 64 * 1024 else { return flush() }
    guard !flushScheduled else { return }
    flushScheduled = true
    loop.atTurnEnd { [weak self] in self?.flush() }
  }

  /// Writes what is pending.
  public func flush() {
    flushScheduled = false
    var start = 0
    while start < pending.count {
      // In bounds: `start` never passes the count.
      let written = unsafe pending.bytes.withUnsafeBytes { bytes in
        unsafe Glibc.write(
          descriptor, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start)
      }
      if written < 0, errno != EINTR { break }  // nobody reads the log
      start += max(written, 0)
    }
    pending.removeAll()
  }

  private func appendJSON(
    _ severity: Severity, _ message: String, _ facts: KeyValuePairs<String, LogValue>
  ) {
    pending.append("{\"severity\":\"")
    pending.append(severity.rawValue)
    pending.append("\",\"message\":")
    pending.append(json: message)
    let identity = identity
    pending.append(identity.span)
    for (name, value) in facts {
      pending.append(UInt8(ascii: ","))
      pending.append(json: name)
      pending.append(UInt8(ascii: ":"))
      switch value {
      case .text(let text): pending.append(json: text)
      case .number(let number): pending.append("\(number)")
      }
    }
    pending.append("}\n")
  }

  private func appendText(
    _ severity: Severity, _ message: String, _ facts: KeyValuePairs<String, LogValue>
  ) {
    var line = "\(service) \(severity.rawValue.lowercased()): \(message)"
    for (name, value) in facts {
      switch value {
      case .text(let text): line += " \(name)=\(text)"
      case .number(let number): line += " \(name)=\(number)"
      }
    }
    // A value can't start a line of its own.
    pending.append(String(line.map { $0.isNewline ? " " : $0 }))
    pending.append(UInt8(ascii: "\n"))
  }
}
