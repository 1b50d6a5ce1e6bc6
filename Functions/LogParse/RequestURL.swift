// SPDX-License-Identifier: MIT
import Bytes

/// The parts of a request URL, as ranges into its bytes.
///
/// Takes both forms that a request log may contain: an absolute URL with any host form (name, IPv4, `[IPv6]`,
/// with user and port), or only path and query. Nothing is decoded or normalised; a fragment is cut.
struct RequestURL: Equatable {
  /// Without user and port; empty if the URL has no host.
  let host: Range<Int>
  let path: Range<Int>
  /// Without the `?`; empty if the URL has no query.
  let query: Range<Int>

  init(_ url: Span<UInt8>) {
    let end = url.firstIndex(of: UInt8(ascii: "#"), in: 0..<url.count)
    let authority = Self.authority(of: url, end: end)
    host = authority.map { Self.host(in: $0, of: url) } ?? 0..<0
    let pathStart = authority?.upperBound ?? 0
    let mark = url.firstIndex(of: UInt8(ascii: "?"), in: pathStart..<end)
    path = pathStart..<mark
    query = min(mark + 1, end)..<end
  }

  /// The authority: the text between `scheme://` and the next `/` or `?`; nil if the URL does not start with
  /// a scheme.
  private static func authority(of url: Span<UInt8>, end: Int) -> Range<Int>? {
    var at = 0
    while at < end, url[at].isSchemeCharacter { at += 1 }
    guard at > 0, at + 3 <= end, url.equals("://", at: at..<(at + 3)) else { return nil }
    let start = at + 3
    at = start
    while at < end, url[at] != UInt8(ascii: "/"), url[at] != UInt8(ascii: "?") { at += 1 }
    return start..<at
  }

  private static func host(in authority: Range<Int>, of url: Span<UInt8>) -> Range<Int> {
    var start = authority.lowerBound
    // The last `@`: browsers encode it inside a user name, other clients may not.
    for at in authority where url[at] == UInt8(ascii: "@") { start = at + 1 }
    guard start < authority.upperBound, url[start] == UInt8(ascii: "[") else {
      return start..<url.firstIndex(of: UInt8(ascii: ":"), in: start..<authority.upperBound)
    }
    let bracket = url.firstIndex(of: UInt8(ascii: "]"), in: start..<authority.upperBound)
    return start..<min(bracket + 1, authority.upperBound)
  }
}

extension UInt8 {
  fileprivate var isSchemeCharacter: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
}
