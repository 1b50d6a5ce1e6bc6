// SPDX-License-Identifier: MIT
import Bytes
import Envelopes

/// The result for a log entry: exactly one of these four.
public enum Verdict {
  /// An event; its row has been written.
  case event(Event)
  /// Nothing for us: another request of the same load balancer, or no request at all.
  case leftAlone(LeftAlone)
  /// A hit that can never become a row.
  case rejected(Rejection)
  /// A hit that says that it is a test: judged like any other, but nothing of it is kept.
  case test(Result<Event, Rejection>)
}

/// The facts of an event beside its row.
public struct Event: Equatable, Sendable {
  public let id: String
  public let time: Timestamp
  /// Name and version of the contract that made the row.
  public let contract: String
  public let contractVersion: String
  /// Whether the entry had no `insertId`, so that the id is made of its bytes.
  public let hasDerivedID: Bool
}

/// Why an entry is acknowledged, counted, and left alone.
public enum LeftAlone: Equatable, Sendable {
  /// There is no `httpRequest` or it has no URL: an audit log, a line of text.
  case noRequest
  /// The visitor has said no, and `PRIVACY_SIGNALS` is `drop`.
  case privacySignal
  /// The method is not GET, HEAD or POST: a CORS preflight, say.
  case method(String)
  /// The path is not one of `PIXEL_PATHS`.
  case path(String)

  /// The code for counters and log lines.
  public var label: String {
    switch self {
    case .noRequest: "no_request"
    case .privacySignal: "privacy_signal"
    case .method: "other_method"
    case .path: "other_path"
    }
  }
}
