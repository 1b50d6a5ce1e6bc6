// SPDX-License-Identifier: MIT
import Bytes
import Events
import FunctionRuntime

/// Writes a hit as a Cloud Logging LogEntry, the one message format that LogParse reads, with
/// `resource.type` = `pixel_ingest`.
struct HitEntry {
  private var ids = InsertIDs()
  private var entry = ByteWriter(capacity: 2048)

  /// Lends the entry to `body`.
  /// - Parameter now: When the hit came, by the wall clock.
  mutating func write(_ request: Request, at now: Timestamp, _ body: (Span<UInt8>) -> Void) {
    entry.removeAll()
    entry.append("{\"insertId\":\"")
    ids.appendNext(to: &entry)
    entry.append("\",\"timestamp\":\"")
    entry.append(rfc3339: now)
    entry.append(
      "\",\"resource\":{\"type\":\"pixel_ingest\"},\"httpRequest\":{\"requestMethod\":\"")
    entry.append(request.method.rawValue)
    entry.append("\",\"requestUrl\":\"")
    Self.appendURL(of: request, into: &entry)
    entry.append("\",\"status\":200")
    Self.appendField("\"userAgent\"", "user-agent", of: request, into: &entry)
    Self.appendField("\"referer\"", "referer", of: request, into: &entry)
    Self.appendAddress(of: request, into: &entry)
    entry.append("}}")
    body(entry.bytes.span)
  }

  /// Scheme and host as the visitor used them: Google's front end ends TLS and says so.
  private static func appendURL(of request: Request, into entry: inout ByteWriter) {
    let isPlain = request.withHeader("x-forwarded-proto") { $0.equals("http") } ?? true
    entry.append(isPlain ? "http://" : "https://")
    _ = request.withHeader("host") { entry.append(jsonEscaping: $0, 0..<$0.count) }
    request.withPathAndQuery { entry.append(jsonEscaping: $0, 0..<$0.count) }
  }

  private static func appendField(
    _ name: StaticString, _ header: StaticString, of request: Request, into entry: inout ByteWriter
  ) {
    _ = request.withHeader(header) { value in
      guard value.count > 0 else { return }
      entry.append(UInt8(ascii: ","))
      entry.append(name)
      entry.append(UInt8(ascii: ":"))
      entry.append(json: value)
    }
  }

  /// The last address in `X-Forwarded-For` is the one that the nearest front end saw; what stands before
  /// it is the client's own claim. Without a front end it is the connection's.
  private static func appendAddress(of request: Request, into entry: inout ByteWriter) {
    entry.append(",\"remoteIp\":")
    let found: Void? = request.withHeader("x-forwarded-for") { value in
      var start = value.count
      while start > 0, value[start &- 1] != UInt8(ascii: ",") { start &-= 1 }
      while start < value.count, value[start] == UInt8(ascii: " ") { start &+= 1 }
      entry.append(json: value, start..<value.count)
    }
    if found == nil { entry.append(json: request.peerAddress) }
  }
}
