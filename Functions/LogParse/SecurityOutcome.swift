// SPDX-License-Identifier: MIT
import Bytes
import PixelModel

/// The reason why Cloud Armor kept a request from the pixel; such a request is not a hit. Policies in preview
/// only note what they would have done, and do not count.
enum SecurityOutcome {
  case denied, bodyDenied, deniedAtEdge, throttled
  /// Sent to a challenge or another address: a visitor who passes sends the request again, and that one is
  /// the hit.
  case redirected

  /// Whether it is worth looking closer: nearly all entries say that a backend or the cache has answered.
  @inline(__always)
  static func mayBe(in entry: LogEntry, _ bytes: Span<UInt8>) -> Bool {
    if entry.securityOutcome != nil || entry.edgeOutcome != nil { return true }
    guard let details = entry.statusDetails, let last = details.range.last else { return false }
    return details.hasEscapes || bytes[last] == UInt8(ascii: "y")
  }

  /// Nil if the request went through.
  init?(of entry: LogEntry, in bytes: Span<UInt8>) {
    func details(_ text: StaticString) -> Bool {
      entry.statusDetails?.equals(text, in: bytes) ?? false
    }
    func isOutcome(_ outcome: JSONString?, _ text: StaticString) -> Bool {
      outcome?.equals(text, in: bytes) ?? false
    }
    if details("body_denied_by_security_policy") {
      self = .bodyDenied
    } else if isOutcome(entry.edgeOutcome, "DENY") {
      self = .deniedAtEdge
    } else if details("throttled_by_security_policy") {
      self = .throttled
    } else if details("denied_by_security_policy") || isOutcome(entry.securityOutcome, "DENY") {
      self = .denied
    } else if details("redirected_by_security_policy")
      || isOutcome(entry.securityOutcome, "REDIRECT") || isOutcome(entry.edgeOutcome, "REDIRECT")
    {
      self = .redirected
    } else {
      return nil
    }
  }

  var detail: String {
    switch self {
    case .denied: "Cloud Armor denied the request."
    case .bodyDenied: "Cloud Armor denied the request for its body."
    case .deniedAtEdge: "Cloud Armor's edge policy denied the request."
    case .throttled: "Cloud Armor denied the request because its client sent too many."
    case .redirected: "Cloud Armor redirected the request."
    }
  }
}
