// SPDX-License-Identifier: MIT
import Bytes
import HTTPClient

/// The meaning of BigQuery's answer to an insertAll for its rows.
///
/// A 200 is not success: `insertErrors` names the rows that failed, and why. After a 5xx, a lost connection
/// or an answer that can't be read the fate of the rows is unknown, and the same rows are sent again under
/// the same insertIds.
public enum InsertAllAnswer: Equatable, Sendable {
  /// These rows are not in, by index; all others are.
  case rows([Int: RowProblem])
  /// Busy, or over a quota: the same rows again after a pause.
  case again(retryAfter: Int?, why: String)
  /// There is no answer, or none that says whether the rows are in: the same rows again, under the same
  /// ids. When nothing else comes any more, BigQuery is down.
  case unknown(retryAfter: Int?, why: String)
  /// The project or an access token could not be had, so the request did not leave: after a pause.
  case notSent(why: String)
  /// The token was refused: once more with a new one.
  case newToken
  /// The request is too large or not acceptable: in halves. A single row is to be rejected if the message
  /// is about rows; otherwise nobody knows whether it is the row.
  case split(isAboutRows: Bool, why: String)
  /// The table or the dataset does not exist, or is not seen yet.
  case missing(TableTrouble)
  /// No repetition helps before somebody has put something right.
  case refused(TableTrouble)

  public enum RowProblem: Equatable, Sendable {
    /// A good row that another one has kept out: again, at once, without that one.
    case stopped
    /// The row will never fit: BigQuery's own message.
    case invalid(String)
    /// The row has a column that the table does not have, or not yet: BigQuery's own message.
    case unknownField(String)
    /// Nothing is wrong with the row, and no repetition helps now.
    case refused(TableTrouble)
    /// Again, after a pause.
    case transient(String)
  }

  public init(_ result: Result<IncomingResponse, TransportError>) {
    switch result {
    case .failure(let error): self = .unknown(retryAfter: nil, why: "BigQuery: \(error)")
    case .success(let response): self.init(response)
    }
  }

  private init(_ response: IncomingResponse) {
    let status = response.status
    let error = status == 200 ? nil : BigQueryError(response.body)
    let why = "BigQuery: status \(status)" + (error.map { ", \($0.reason): \($0.message)" } ?? "")
    switch status {
    case 200:
      if let problems = InsertErrors.read(response.body) {
        self = .rows(problems)
      } else {
        self = .unknown(retryAfter: nil, why: "BigQuery: an answer that can't be read")
      }
    case 401: self = .newToken
    case 404: self = .missing(TableTrouble(.init(missing: error?.message ?? ""), why: why))
    case 413: self = .split(isAboutRows: true, why: why)
    case 400:
      switch RequestRefusal(error) {
      case .table(let kind): self = .refused(TableTrouble(kind, why: why))
      case .rows: self = .split(isAboutRows: true, why: why)
      case .unknown: self = .split(isAboutRows: false, why: why)
      }
    case 403 where Self.isQuota(error), 429:
      self = .again(retryAfter: Self.retryAfter(response), why: why)
    case 408, 500...599: self = .unknown(retryAfter: Self.retryAfter(response), why: why)
    default: self = .refused(TableTrouble(.init(refusal: error) ?? .other, why: why))
    }
  }

  private static func retryAfter(_ response: IncomingResponse) -> Int? {
    response.header("Retry-After").flatMap { Int($0) }
  }

  static func isQuota(_ error: BigQueryError?) -> Bool {
    error.map { quotaReasons.contains($0.reason) } ?? false
  }

  /// Quota errors come as 403 and mean "later".
  private static let quotaReasons: Set<String> = ["quotaExceeded", "rateLimitExceeded"]
}

/// `{"error": {"message", "errors": [{"reason"}]}}`, if the body has it: not every error does.
struct BigQueryError {
  var reason = ""
  var message = ""

  init?(_ body: [UInt8]) {
    guard (try? read(body.span)) != nil, !reason.isEmpty || !message.isEmpty else { return nil }
  }

  private mutating func read(_ bytes: Span<UInt8>) throws(JSONError) {
    var scanner = JSONScanner()
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      guard name.equals("error", in: bytes), try scanner.peek(in: bytes) == .object else {
        _ = try scanner.value(in: bytes)
        continue
      }
      try scanner.enterObject(in: bytes)
      while let member = try scanner.nextMember(in: bytes) {
        if member.equals("errors", in: bytes), try scanner.peek(in: bytes) == .array {
          try scanner.enterArray(in: bytes)
          while try scanner.nextElement(in: bytes) {
            let first = try ErrorDetail(&scanner, bytes)
            if reason.isEmpty { reason = first.reason }
          }
        } else {
          let value = try scanner.value(in: bytes)
          if member.equals("message", in: bytes) { message = value.string?.string(in: bytes) ?? "" }
        }
      }
    }
    try scanner.finish(in: bytes)
  }
}

/// `{"reason", "location", "message"}`, as requests and rows both have it.
struct ErrorDetail {
  var reason = ""
  var location = ""
  var message = ""

  init(_ scanner: inout JSONScanner, _ bytes: Span<UInt8>) throws(JSONError) {
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      let text = try scanner.value(in: bytes).string
      if name.equals("reason", in: bytes) { reason = text?.string(in: bytes) ?? "" }
      if name.equals("location", in: bytes) { location = text?.string(in: bytes) ?? "" }
      if name.equals("message", in: bytes) { message = text?.string(in: bytes) ?? "" }
    }
  }
}
