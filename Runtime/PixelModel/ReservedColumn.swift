// SPDX-License-Identifier: MIT

/// The columns that the pipeline fills from the log entry. A query parameter never sets one, so a
/// reader can trust them as far as the log.
public enum ReservedColumn: String, Sendable, CaseIterable {
  /// The event's identity: `EventID`.
  case eventID = "event_id"
  /// The entry's `timestamp`: when the request came.
  case eventTime = "event_time"
  /// The entry's `receiveTimestamp`: when Cloud Logging had it.
  case receivedTime = "received_time"
  /// The path of the request URL, as it was sent.
  case requestPath = "request_path"
  /// The host of the request URL, without port.
  case host
  /// The `Referer` header.
  case referer
  /// The `User-Agent` header.
  case userAgent = "user_agent"
  /// Whether the request is a program's by its `User-Agent`, or has none.
  case bot
  /// The client's address, without port.
  case remoteIP = "remote_ip"
  /// The client's country in two letters, where Cloud Armor looked at the request.
  case country
  /// The request method.
  case method
  /// The response status.
  case status
  /// Whether the CDN's cache answered.
  case cacheHit = "cache_hit"
  /// The name of the log that the entry came from.
  case logName = "log_name"
  /// The privacy signal under which the personal columns were emptied: `gpc`, `dnt`, `consent`.
  case privacy
  /// The version of the contract by which the row was made.
  case contractVersion = "contract_version"
  /// The values that did not fit their columns, as a JSON object of texts.
  case unparsed = "_unparsed"

  /// The types that the column may have; the first is the one that fits best.
  public var types: [ColumnType] {
    switch self {
    case .eventTime, .receivedTime: [.timestamp]
    case .status: [.integer, .string]
    case .cacheHit, .bot: [.boolean]
    case .unparsed: [.json, .string]
    default: [.string]
    }
  }
}
