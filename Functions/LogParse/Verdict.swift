// SPDX-License-Identifier: MIT
import Events

/// What a log entry turned out to be: every entry is exactly one of the three.
public enum Verdict {
  /// An event; its row has been written.
  case event(id: String, time: Timestamp)
  /// Nothing for us: another request of the same load balancer, or no request at all.
  case leftAlone(LeftAlone)
  /// A hit that can never become a row.
  case rejected(Rejection)
}

/// Why an entry is acknowledged, counted, and left alone.
public enum LeftAlone: Equatable, Sendable {
  /// There is no `httpRequest` or it has no URL: an audit log, a line of text.
  case noRequest
  /// The method is not GET, HEAD or POST: a CORS preflight, say.
  case method(String)
  /// The path is not one of `PIXEL_PATHS`.
  case path(String)

  /// The code for counters and log lines.
  public var label: String {
    switch self {
    case .noRequest: "no_request"
    case .method: "other_method"
    case .path: "other_path"
    }
  }
}
