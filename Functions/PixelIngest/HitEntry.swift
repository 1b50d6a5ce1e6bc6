// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer
import PixelModel

/// A hit as a Cloud Logging LogEntry, the one message format that LogParse reads, with `resource.type` =
/// `pixel_ingest`.
struct HitEntry {
  fileprivate(set) var bytes: ByteWriter
  fileprivate let insertID: Range<Int>
  fileprivate let timestamp: Range<Int>
  /// Where the value of `httpRequest` begins; it goes on to the last brace but one.
  fileprivate let request: Int
  let signal: PrivacySignal?
}

/// Writes the entries of one request after the other: the text that its hits have in common is written once.
struct HitWriter {
  private let privacy: PrivacyPolicy
  private let hops: Int
  private var ids = InsertIDs()
  /// The text between the id and the URL's path, and the text behind the URL.
  private var head = ByteWriter(capacity: 256)
  private var tail = ByteWriter(capacity: 1024)
  private var address = ByteWriter(capacity: 48)
  private var timestamp = 0..<0
  private var requestStart = 0
  private var signal: PrivacySignal?

  init(privacy: PrivacyPolicy, hops: Int) {
    self.privacy = privacy
    self.hops = hops
  }

  /// - Parameters:
  ///   - now: When the request came, by the wall clock.
  ///   - signal: The privacy signal that makes this leave out personal values.
  mutating func begin(
    _ request: Request, at now: Timestamp, status: StaticString, signal: PrivacySignal?
  ) {
    self.signal = signal
    head.removeAll()
    head.append("\",\"timestamp\":\"")
    let start = head.count
    head.append(rfc3339: now)
    timestamp = start..<head.count
    head.append("\",\"resource\":{\"type\":\"pixel_ingest\"},")
    if let signal {
      head.append("\"labels\":{\"privacy\":\"")
      head.append(signal.rawValue)
      head.append("\"},")
    }
    head.append("\"httpRequest\":")
    requestStart = head.count
    head.append("{\"requestMethod\":\"")
    head.append(request.method.rawValue)
    head.append("\",\"requestUrl\":\"")
    // Scheme and host as the visitor used them: Google's front end ends TLS and says so.
    let isPlain = request.withHeader("x-forwarded-proto") { $0.equals("http") } ?? true
    head.append(isPlain ? "http://" : "https://")
    _ = request.withHeader("host") { head.append(jsonEscaping: $0, 0..<$0.count) }

    tail.removeAll()
    tail.append("\",\"status\":")
    tail.append(status)
    appendField("\"userAgent\"", "user-agent", of: request, as: "user_agent")
    appendField("\"referer\"", "referer", of: request, as: "referer")
    appendAddress(of: request)
    tail.append("}}")
  }

  /// The entry of one hit; `appendTarget` writes its path and query as the inside of a JSON string.
  mutating func entry(_ appendTarget: (inout ByteWriter) -> Void) -> HitEntry {
    var entry = ByteWriter(capacity: head.count &+ tail.count &+ 1024)
    entry.append("{\"insertId\":\"")
    let start = entry.count
    ids.appendNext(to: &entry)
    let end = entry.count
    entry.append(head.bytes.span)
    appendTarget(&entry)
    entry.append(tail.bytes.span)
    return HitEntry(
      bytes: entry, insertID: start..<end,
      timestamp: end &+ timestamp.lowerBound..<end &+ timestamp.upperBound,
      request: end &+ requestStart, signal: signal)
  }

  private func withholds(_ column: StaticString) -> Bool {
    signal != nil && privacy.personal.contains(column)
  }

  private mutating func appendField(
    _ name: StaticString, _ header: StaticString, of request: Request, as column: StaticString
  ) {
    if withholds(column) { return }
    _ = request.withHeader(header) { value in
      guard value.count > 0 else { return }
      tail.append(UInt8(ascii: ","))
      tail.append(name)
      tail.append(UInt8(ascii: ":"))
      tail.append(json: value)
    }
  }

  private mutating func appendAddress(of request: Request) {
    if withholds("remote_ip") || privacy.addresses == .drop { return }
    address.removeAll()
    address.append(addressOf: request, hops: hops)
    let whole = address
    if privacy.addresses == .keep {
      guard whole.count > 0 else { return }
      tail.append(",\"remoteIp\":")
      return tail.append(json: whole.bytes.span)
    }
    var kept = ByteWriter(capacity: 48)
    guard kept.append(address: whole.bytes.span, by: privacy.addresses) else { return }
    tail.append(",\"remoteIp\":")
    tail.append(json: kept.bytes.span)
  }
}

extension ByteWriter {
  /// Appends the entry as a structured log line, which Cloud Logging turns into a LogEntry with the same time
  /// and `insertId`. The log sink's filter looks for its labels.
  mutating func append(line entry: HitEntry) {
    let bytes = entry.bytes.bytes.span
    append("{\"severity\":\"INFO\",\"message\":\"A hit, for the log sink.\",\"time\":\"")
    append(bytes, entry.timestamp)
    append("\",\"logging.googleapis.com/insertId\":\"")
    append(bytes, entry.insertID)
    append("\",\"logging.googleapis.com/labels\":{\"pixel\":\"hit\"")
    if let signal = entry.signal {
      append(",\"privacy\":\"")
      append(signal.rawValue)
      append("\"")
    }
    append("},\"httpRequest\":")
    append(bytes, entry.request..<bytes.count)
  }
}

extension HitEntry {
  /// Cloud Logging takes lines of 256 KB.
  static let maximumLineBytes = 200_000

  /// The attribute that a log sink gives each message.
  var attributes: [(name: StaticString, value: String)] {
    [("logging.googleapis.com/timestamp", bytes.bytes.span.string(timestamp))]
  }
}
