// SPDX-License-Identifier: MIT

/// What LogParse makes of a log entry, as the page explains it. The program asks LogParse's own parser, so
/// that what is explained is what happens.
public struct Judgement: Sendable, Equatable {
  public enum Verdict: String, Sendable {
    case row
    case rejected
    case leftAlone = "left alone"
    case test
  }

  /// Nil if the entry has no time, or is not JSON.
  public var eventID: String?
  public var verdict: Verdict
  /// The code: of the rejection, or of why the entry is left alone.
  public var reason: String
  /// A sentence, or the path that is left alone.
  public var detail: String
  /// The names of the parameters that no column takes, decoded.
  public var dropped: [String]

  public init(
    eventID: String?, verdict: Verdict, reason: String = "", detail: String = "",
    dropped: [String] = []
  ) {
    (self.eventID, self.verdict) = (eventID, verdict)
    (self.reason, self.detail, self.dropped) = (reason, detail, dropped)
  }

  public typealias Judge = @Sendable (_ entry: [UInt8]) -> Judgement
}
