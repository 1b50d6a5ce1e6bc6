// SPDX-License-Identifier: MIT
import Bytes

/// What the pipeline reads of a Cloud Logging LogEntry, as ranges into the entry's bytes.
///
/// The names are those of the REST API's
/// [LogEntry](https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry); the snake_case
/// spellings that some exports write are read too, and camelCase wins where both are present. A
/// field that is null, has another type than it should, or is not there, is nil: nothing in an entry
/// is required here. Of a name that comes twice the last counts.
public struct LogEntry: Sendable {
  public private(set) var insertID: JSONString?
  public private(set) var timestamp: JSONString?
  public private(set) var receiveTimestamp: JSONString?
  public private(set) var logName: JSONString?
  /// `resource.type`, which says what wrote the entry.
  public private(set) var resourceType: JSONString?
  /// `httpRequest`, if it is an object.
  public private(set) var request: Request?
  /// `jsonPayload.statusDetails`: a load balancer's reason for the status.
  public private(set) var statusDetails: JSONString?
  /// `jsonPayload.enforcedSecurityPolicy.outcome`: `ACCEPT` or `DENY`, from Cloud Armor.
  public private(set) var securityOutcome: JSONString?
  /// `jsonPayload.securityPolicyRequestData.remoteIpInfo.regionCode`: the client's country in two
  /// letters, where Cloud Armor looked at the request.
  public private(set) var country: JSONString?

  /// The entry's `httpRequest`.
  public struct Request: Sendable {
    public fileprivate(set) var method: JSONString?
    public fileprivate(set) var url: JSONString?
    /// The status as a number, whether it was written as one or as a string.
    public fileprivate(set) var status: Int?
    public fileprivate(set) var userAgent: JSONString?
    public fileprivate(set) var remoteIP: JSONString?
    public fileprivate(set) var referer: JSONString?
    public fileprivate(set) var cacheHit: Bool?
  }

  /// Reads the entry in one pass over `bytes`, which have to be one JSON object in UTF-8.
  public init(_ bytes: Span<UInt8>) throws(JSONError) {
    var scanner = JSONScanner()
    var requestIsCamelCase = false
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      if name.equals("httpRequest", in: bytes) {
        request = try Request(&scanner, in: bytes)
        requestIsCamelCase = request != nil
      } else if name.equals("http_request", in: bytes), !requestIsCamelCase {
        request = try Request(&scanner, in: bytes)
      } else if name.equals("resource", in: bytes) {
        try readResource(&scanner, in: bytes)
      } else if name.equals("jsonPayload", in: bytes) || name.equals("json_payload", in: bytes) {
        try readPayload(&scanner, in: bytes)
      } else {
        let value = try scanner.value(in: bytes).string
        insertID.take(value, ifNamed: "insertId", or: "insert_id", name, in: bytes)
        timestamp.take(value, ifNamed: "timestamp", or: "timestamp", name, in: bytes)
        receiveTimestamp.take(
          value, ifNamed: "receiveTimestamp", or: "receive_timestamp", name, in: bytes)
        logName.take(value, ifNamed: "logName", or: "log_name", name, in: bytes)
      }
    }
    try scanner.finish(in: bytes)
  }

  private mutating func readResource(
    _ scanner: inout JSONScanner, in bytes: Span<UInt8>
  ) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return }
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      if name.equals("type", in: bytes) { resourceType = value.string }
    }
  }

  private mutating func readPayload(
    _ scanner: inout JSONScanner, in bytes: Span<UInt8>
  ) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return }
    while let name = try scanner.nextMember(in: bytes) {
      if name.equals("enforcedSecurityPolicy", in: bytes)
        || name.equals("enforced_security_policy", in: bytes)
      {
        try readSecurityPolicy(&scanner, in: bytes)
      } else if name.equals("securityPolicyRequestData", in: bytes)
        || name.equals("security_policy_request_data", in: bytes)
      {
        try readRequestData(&scanner, in: bytes)
      } else {
        let value = try scanner.value(in: bytes).string
        statusDetails.take(value, ifNamed: "statusDetails", or: "status_details", name, in: bytes)
      }
    }
  }

  private mutating func readSecurityPolicy(
    _ scanner: inout JSONScanner, in bytes: Span<UInt8>
  ) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return }
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      if name.equals("outcome", in: bytes) { securityOutcome = value.string }
    }
  }

  private mutating func readRequestData(
    _ scanner: inout JSONScanner, in bytes: Span<UInt8>
  ) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return }
    while let name = try scanner.nextMember(in: bytes) {
      guard name.equals("remoteIpInfo", in: bytes) || name.equals("remote_ip_info", in: bytes)
      else {
        _ = try scanner.value(in: bytes)
        continue
      }
      guard try scanner.enterIfObject(in: bytes) else { continue }
      while let name = try scanner.nextMember(in: bytes) {
        let value = try scanner.value(in: bytes).string
        country.take(value, ifNamed: "regionCode", or: "region_code", name, in: bytes)
      }
    }
  }
}

extension LogEntry.Request {
  /// Nil if the next value is not an object, which is skipped then.
  fileprivate init?(_ scanner: inout JSONScanner, in bytes: Span<UInt8>) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return nil }
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      switch value.kind {
      case .string:
        let text = value.string
        method.take(text, ifNamed: "requestMethod", or: "request_method", name, in: bytes)
        url.take(text, ifNamed: "requestUrl", or: "request_url", name, in: bytes)
        userAgent.take(text, ifNamed: "userAgent", or: "user_agent", name, in: bytes)
        remoteIP.take(text, ifNamed: "remoteIp", or: "remote_ip", name, in: bytes)
        referer.take(text, ifNamed: "referer", or: "referer", name, in: bytes)
        if name.equals("status", in: bytes) { status = bytes.decimal(at: value.range) }
      case .number:
        if name.equals("status", in: bytes) { status = bytes.decimal(at: value.range) }
      case .true, .false:
        if name.equals("cacheHit", in: bytes) || name.equals("cache_hit", in: bytes) {
          cacheHit = value.kind == .true
        }
      case .object, .array, .null: break
      }
    }
  }
}

extension JSONScanner {
  /// Enters the next value if it is an object; otherwise skips it.
  fileprivate mutating func enterIfObject(in bytes: Span<UInt8>) throws(JSONError) -> Bool {
    guard try peek(in: bytes) == .object else {
      _ = try value(in: bytes)
      return false
    }
    try enterObject(in: bytes)
    return true
  }
}

extension JSONString? {
  /// Becomes `value` if `name` is the camelCase spelling; the snake_case one only fills a gap.
  @inline(__always)
  fileprivate mutating func take(
    _ value: JSONString?, ifNamed camelCase: StaticString, or snakeCase: StaticString,
    _ name: JSONString, in bytes: Span<UInt8>
  ) {
    if name.equals(camelCase, in: bytes) {
      self = value
    } else if self == nil, name.equals(snakeCase, in: bytes) {
      self = value
    }
  }
}
