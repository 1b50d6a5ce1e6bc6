// SPDX-License-Identifier: MIT
import Bytes
import CCrypto
import Foundation
import LocalCloud
import PixelModel

/// What can be said about a log entry from its bytes alone: its id, and what should become of it.
///
/// Written from the description and not with the pipeline's own code, so that each checks the other.
struct EntryIdentity {
  /// Nil if it has no time, or is not JSON.
  var eventID: String?
  var path: String
  /// Why it may be left alone: its path, and what else there is to say.
  var leftAlone: String { reason ?? path }
  private var reason: String?
  /// Says in its URL that it is a test: nothing of it may be kept.
  var isTest = false
  /// A hit that may not be left alone: it has to be a row or a rejection.
  var counts: Bool

  init(_ bytes: [UInt8], pixelPaths: [String]) {
    guard let entry = try? JSON.parse(bytes), entry.members != nil else {
      (eventID, path, counts) = (nil, "(not a JSON object)", true)
      return
    }
    func field(_ names: String..., in object: JSON?) -> String? {
      names.lazy.compactMap { object?[$0]?.string }.first
    }
    let request = entry["httpRequest"] ?? entry["http_request"]
    let url = field("requestUrl", "request_url", in: request) ?? ""
    path = url.isEmpty ? "(no request)" : Self.path(of: url)
    let isOwn = entry["resource"]?["type"]?.string == "pixel_ingest"
    let method = field("requestMethod", "request_method", in: request) ?? ""
    // One without a method is rejected, not left alone.
    let isOurs = ["GET", "HEAD", "POST", ""].contains(method) && pixelPaths.contains(path)
    let isHit = isOwn || isOurs
    isTest = isHit && Self.isTest(url)
    counts = isHit && !isTest
    if isTest {
      reason = path + " (a test)"
    } else if !isHit, pixelPaths.contains(path) {
      reason = path + " (method \(method.isEmpty ? "unknown" : method))"
    }

    guard let time = Self.time(of: bytes) else { return }
    let insertID = field("insertId", "insert_id", in: entry) ?? ""
    if insertID.isEmpty {
      eventID = "\(time)-\(Self.sha256(bytes))"
    } else if insertID.utf8.count <= 100, insertID.utf8.allSatisfy(Self.isPlain) {
      eventID = "\(time)-\(insertID)"
    } else {
      eventID = Self.sha256(Array("\(time)-\(insertID)".utf8))
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || (0x30...0x39).contains(byte))
      || "._-".utf8.contains(byte)
  }

  /// The path of a URL with or without scheme and host, as it stands there.
  static func path(of url: String) -> String {
    var rest = url[...]
    if let scheme = rest.range(of: "://"), !rest[..<scheme.lowerBound].contains("/") {
      rest = rest[scheme.upperBound...].drop { $0 != "/" && $0 != "?" && $0 != "#" }
    }
    let path = rest.prefix { $0 != "?" && $0 != "#" }
    return path.isEmpty ? "/" : String(path)
  }

  /// Whether the query has `_test=1`.
  static func isTest(_ url: String) -> Bool {
    let query = url.prefix { $0 != "#" }.drop { $0 != "?" }.dropFirst()
    return query.split(separator: "&").contains { parameter in
      let parts = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return parts[0].removingPercentEncoding == "_test" && parts.count == 2
        && ["1", "true"].contains(parts[1])
    }
  }

  /// The entry's time as `20260102T030405.678901234Z`, read by LogParse's own code: what it takes as a time, this
  /// takes, too.
  static func time(of bytes: [UInt8]) -> String? {
    let span = bytes.span
    guard let time = (try? LogEntry(span))?.time(in: span) else { return nil }
    var text = ByteWriter(capacity: 32)
    text.append(compact: time)
    return String(decoding: text.bytes, as: UTF8.self)
  }

  static func sha256(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    pixel_sha256(bytes, bytes.count, &digest)
    return digest.map { String(format: "%02x", $0) }.joined()
  }
}
