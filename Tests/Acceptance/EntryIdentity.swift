// SPDX-License-Identifier: MIT
import CCrypto
import Foundation
import LocalCloud

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

    let times = [
      field("timestamp", in: entry), field("receiveTimestamp", "receive_timestamp", in: entry),
    ]
    guard let time = times.lazy.compactMap({ $0.flatMap(Self.compact) }).first else { return }
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

  /// `20260102T030405.678901234Z`: an RFC 3339 time in UTC with nine digits of a second.
  static func compact(_ timestamp: String) -> String? {
    let parts = timestamp.split(separator: ".", maxSplits: 1)
    let digits = parts.count > 1 ? parts[1].prefix { $0.isASCII && $0.isNumber } : ""
    let nanoseconds = String((digits + "000000000").prefix(9))
    guard let microseconds = try? CivilTimeParser.timestamp(timestamp) else { return nil }
    let civil = CivilTime(unixMicroseconds: microseconds)
    return civil.timestamp.prefix(19).filter { $0 != "-" && $0 != ":" } + ".\(nanoseconds)Z"
  }

  static func sha256(_ bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    pixel_sha256(bytes, bytes.count, &digest)
    return digest.map { String(format: "%02x", $0) }.joined()
  }
}
