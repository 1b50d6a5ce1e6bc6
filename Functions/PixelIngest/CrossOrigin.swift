// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer
import Settings

/// Which pages may post: `ALLOWED_ORIGINS`, patterns with `*` for any run of letters, digits, dots and
/// hyphens. With credentials, that is with cookies, only if there is a cookie of ours to be sent.
struct CrossOrigin: Sendable {
  private let patterns: [[UInt8]]
  private let takesAll: Bool
  private let allowsCredentials: Bool

  enum Verdict: Equatable {
    /// No page is waiting for the answer.
    case none
    /// With the value of `Access-Control-Allow-Origin`.
    case allowed(String)
    case refused(String)
  }

  init(_ reader: inout SettingsReader, allowsCredentials: Bool) {
    self.allowsCredentials = allowsCredentials
    let text = reader.text(
      "ALLOWED_ORIGINS", default: "*",
      "pages that may post, with commas: https://example.com, https://*.example.com, or * for all")
    let patterns = text.split(separator: ",").map { $0.filter { $0 != " " } }
    let areValid = patterns.allSatisfy { pattern in
      pattern == "*" || pattern == "null"
        || (pattern.hasPrefix("https://") || pattern.hasPrefix("http://"))
          && pattern.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
          && !pattern.dropFirst(8).contains("/")
    }
    if patterns.isEmpty || !areValid {
      reader.fail(
        SettingsError(
          "ALLOWED_ORIGINS is '\(text)': allowed are * and origins such as https://*.example.com, "
            + "separated by commas, without a path"))
    }
    self.patterns = patterns.map { Array($0.utf8) }
    takesAll = patterns.contains("*")
  }

  func verdict(on request: Request) -> Verdict {
    let found = request.withHeader("origin") { origin -> Verdict in
      // A browser takes no * for a request with cookies.
      if takesAll { return .allowed(allowsCredentials ? origin.string : "*") }
      let isAllowed = patterns.contains { Self.matches(origin, $0.span) }
      return isAllowed ? .allowed(origin.string) : .refused(origin.string)
    }
    return found ?? .none
  }

  /// Goes back to the last `*` only, so that a hostile origin costs its length times the pattern's at most.
  static func matches(_ text: Span<UInt8>, _ pattern: Span<UInt8>) -> Bool {
    var (at, place) = (0, 0)
    var star: (place: Int, at: Int)?
    while at < text.count {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        star = (place, at)
        place &+= 1
      } else if place < pattern.count, pattern[place] == text[at] {
        at &+= 1
        place &+= 1
      } else if let last = star, text[last.at].isHostCharacter {
        star = (last.place, last.at &+ 1)
        at = last.at &+ 1
        place = last.place &+ 1
      } else {
        return false
      }
    }
    while place < pattern.count, pattern[place] == UInt8(ascii: "*") { place &+= 1 }
    return place == pattern.count
  }

  /// The fields that let the page read the answer. A page that may not post can read it too, or its tracker
  /// would take the answer for an outage and try again.
  func headers(_ verdict: Verdict) -> [(String, String)] {
    let origin: String
    switch verdict {
    case .none: return []
    case .allowed(let value), .refused(let value): origin = value
    }
    var headers = [
      ("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", "Retry-After"),
    ]
    if origin != "*" { headers.append(("Vary", "Origin")) }
    if allowsCredentials { headers.append(("Access-Control-Allow-Credentials", "true")) }
    return headers
  }

  /// The answer to a preflight.
  func preflight(_ verdict: Verdict) -> Response {
    if case .refused = verdict { return Response(status: 403, headers: [("Vary", "Origin")]) }
    return Response(
      status: 204,
      headers: headers(verdict) + [
        ("Access-Control-Allow-Methods", "POST"),
        ("Access-Control-Allow-Headers", "Authorization, Content-Type"),
        ("Access-Control-Max-Age", "86400"),
      ])
  }
}

extension UInt8 {
  fileprivate var isHostCharacter: Bool {
    switch self | 0x20 {
    case UInt8(ascii: "a")...UInt8(ascii: "z"): true
    default: decimalDigit != nil || self == UInt8(ascii: ".") || self == UInt8(ascii: "-")
    }
  }
}
