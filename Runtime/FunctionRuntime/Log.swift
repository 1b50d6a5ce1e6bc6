// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import Glibc
import Synchronization

/// How much a line matters, in Cloud Logging's words (LogSeverity).
public enum Severity: String, Sendable, Comparable, CaseIterable {
  case debug = "DEBUG"
  case info = "INFO"
  case notice = "NOTICE"
  case warning = "WARNING"
  case error = "ERROR"
  case critical = "CRITICAL"

  /// The same as `rawValue` without a `String` made of it.
  var name: StaticString {
    switch self {
    case .debug: "DEBUG"
    case .info: "INFO"
    case .notice: "NOTICE"
    case .warning: "WARNING"
    case .error: "ERROR"
    case .critical: "CRITICAL"
    }
  }

  private var rank: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .notice: 2
    case .warning: 3
    case .error: 4
    case .critical: 5
    }
  }
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
  /// The last write was not taken whole: the next text would stand in the same line.
  private var isTorn = false
  private static let output = Mutex(())
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
    compose { line in
      switch format {
      case .json:
        line.append(constant: "{\"severity\":\"")
        line.append(constant: severity.name)
        line.append(constant: "\",\"message\":\"")
        line.append(constant: sentence)
        line.append(constant: "\"")
        let identity = identity
        line.append(identity.span)
        json(&line)
        line.append(constant: "}\n")
      case .text:
        line.append("\(service) \(severity.rawValue.lowercased()): ")
        line.append(constant: sentence)
        text(&line)
        line.append(UInt8(ascii: "\n"))
      }
    }
    flushSoon()
  }

  public func write(
    _ severity: Severity, _ message: String, _ facts: KeyValuePairs<String, LogValue>
  ) {
    guard severity >= level else { return }
    compose { line in
      switch format {
      case .json: writeJSON(severity, message, facts, to: &line)
      case .text: writeText(severity, message, facts, to: &line)
      }
    }
    flushSoon()
  }

  /// Lets `body` write behind the pending bytes.
  private func compose(_ body: (inout ByteWriter) -> Void) {
    // Taken out meanwhile: a property that is lent out anywhere is checked at run time everywhere.
    var line = pending
    pending = ByteWriter()
    body(&line)
    pending = line
  }

  private func flushSoon() {
    guard let loop, pending.count < 64 * 1024 else { return flush() }
    guard !flushScheduled else { return }
    flushScheduled = true
    loop.atTurnEnd { [weak self] in self?.flush() }
  }

  /// Writes a line that is meant for a log sink, at once and at any level and format. Says whether all of it
  /// was taken.
  public func deliver(line: Span<UInt8>) -> Bool {
    flush()
    compose { lines in
      if isTorn { lines.append(UInt8(ascii: "\n")) }
      lines.append(line)
      lines.append(UInt8(ascii: "\n"))
    }
    flush()
    return !isTorn
  }

  /// Writes the pending bytes.
  public func flush() {
    flushScheduled = false
    compose { lines in
      guard lines.count > 0 else { return }
      // A pipe takes long lines in parts, between which another worker's could come.
      isTorn = Self.output.withLock { _ in !write(lines) }
      lines.removeAll()
    }
  }

  /// False if not all was taken: the reader of the log is too slow or gone.
  private func write(_ lines: ByteWriter) -> Bool {
    var start = 0
    while start < lines.count {
      // In bounds: `start` never passes the count.
      let written = unsafe lines.bytes.withUnsafeBytes { bytes in
        unsafe Glibc.write(
          descriptor, bytes.baseAddress.map { unsafe $0 + start }, bytes.count - start)
      }
      if written < 0, errno != EINTR { return false }
      start += max(written, 0)
    }
    return true
  }

  private func writeJSON(
    _ severity: Severity, _ message: String, _ facts: KeyValuePairs<String, LogValue>,
    to line: inout ByteWriter
  ) {
    line.append(constant: "{\"severity\":\"")
    line.append(constant: severity.name)
    line.append(constant: "\",\"message\":")
    line.append(json: message)
    let identity = identity
    line.append(identity.span)
    for (name, value) in facts {
      line.append(UInt8(ascii: ","))
      line.append(json: name)
      line.append(UInt8(ascii: ":"))
      switch value {
      case .text(let text): line.append(json: text)
      case .number(let number): line.append("\(number)")
      }
    }
    line.append(constant: "}\n")
  }

  private func writeText(
    _ severity: Severity, _ message: String, _ facts: KeyValuePairs<String, LogValue>,
    to line: inout ByteWriter
  ) {
    var text = "\(service) \(severity.rawValue.lowercased()): \(message)"
    for (name, value) in facts {
      switch value {
      case .text(let value): text += " \(name)=\(value)"
      case .number(let number): text += " \(name)=\(number)"
      }
    }
    // A value can't start a line of its own.
    line.append(String(text.map { $0.isNewline ? " " : $0 }))
    line.append(UInt8(ascii: "\n"))
  }
}

extension ByteWriter {
  /// A part of a line that is always the same. A literal would else become a `String` first, which takes
  /// several times as long to append.
  mutating func append(constant text: StaticString) { append(text) }
}
