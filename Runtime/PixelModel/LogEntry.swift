// SPDX-License-Identifier: MIT
import Bytes

/// The fields of a Cloud Logging LogEntry that the pipeline reads, as ranges into the entry's bytes.
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
  /// `resource.type`, which names the writer of the entry.
  public private(set) var resourceType: JSONString?
  /// `httpRequest`, if it is an object.
  public private(set) var request: Request?
  /// `labels.pixel`: `hit` in entries that PixelIngest has written to its log.
  public private(set) var pixelLabel: JSONString?
  /// `labels.privacy`: the signal for which PixelIngest has left out personal values.
  public private(set) var privacyLabel: JSONString?
  /// `jsonPayload.statusDetails`: a load balancer's reason for the status.
  public private(set) var statusDetails: JSONString?
  /// `jsonPayload.enforcedSecurityPolicy.outcome`, from Cloud Armor: `ACCEPT`, `DENY`, `REDIRECT` or `EXEMPT`.
  public private(set) var securityOutcome: JSONString?
  /// The same of `jsonPayload.enforcedEdgeSecurityPolicy`, which guards what the CDN or a bucket answers.
  public private(set) var edgeOutcome: JSONString?
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

  private enum Field: Sendable {
    case insertID, timestamp, receiveTimestamp, logName, request, resource, labels, payload
    case statusDetails, securityPolicy, edgePolicy, requestData, remoteIPInfo, country
  }

  private static let fields = FieldNames<Field>([
    (.insertID, "insertId"), (.timestamp, "timestamp"), (.receiveTimestamp, "receiveTimestamp"),
    (.logName, "logName"), (.request, "httpRequest"), (.resource, "resource"),
    (.labels, "labels"), (.payload, "jsonPayload"),
  ])

  private static let payloadFields = FieldNames<Field>([
    (.statusDetails, "statusDetails"), (.securityPolicy, "enforcedSecurityPolicy"),
    (.edgePolicy, "enforcedEdgeSecurityPolicy"), (.requestData, "securityPolicyRequestData"),
  ])

  private static let requestDataFields = FieldNames<Field>([(.remoteIPInfo, "remoteIpInfo")])
  private static let addressFields = FieldNames<Field>([(.country, "regionCode")])

  /// Reads the entry in one pass over `bytes`, which have to be one JSON object in UTF-8.
  public init(_ bytes: Span<UInt8>) throws(JSONError) {
    var scanner = JSONScanner()
    var requestIsCamelCase = false
    let fields = Self.fields
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      guard let (field, isSnakeCase) = fields.find(name, in: bytes) else {
        _ = try scanner.value(in: bytes)
        continue
      }
      switch field {
      case .request:
        guard !isSnakeCase || !requestIsCamelCase else {
          _ = try scanner.value(in: bytes)
          continue
        }
        request = try Request(&scanner, in: bytes)
        if !isSnakeCase { requestIsCamelCase = request != nil }
      case .resource: try readResource(&scanner, in: bytes)
      case .labels: try readLabels(&scanner, in: bytes)
      case .payload: try readPayload(&scanner, in: bytes)
      default:
        let value = try scanner.value(in: bytes).string
        switch field {
        case .insertID: insertID.take(value, isSnakeCase)
        case .timestamp: timestamp.take(value, isSnakeCase)
        case .receiveTimestamp: receiveTimestamp.take(value, isSnakeCase)
        default: logName.take(value, isSnakeCase)
        }
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

  private mutating func readLabels(
    _ scanner: inout JSONScanner, in bytes: Span<UInt8>
  ) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return }
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      if name.equals("pixel", in: bytes) { pixelLabel = value.string }
      if name.equals("privacy", in: bytes) { privacyLabel = value.string }
    }
  }

  private mutating func readPayload(
    _ scanner: inout JSONScanner, in bytes: Span<UInt8>
  ) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return }
    let fields = Self.payloadFields
    while let name = try scanner.nextMember(in: bytes) {
      let found = fields.find(name, in: bytes)
      switch found?.field {
      case .securityPolicy: securityOutcome = try readOutcome(&scanner, in: bytes)
      case .edgePolicy: edgeOutcome = try readOutcome(&scanner, in: bytes)
      case .requestData: try readRequestData(&scanner, in: bytes)
      default:
        let value = try scanner.value(in: bytes).string
        if let found { statusDetails.take(value, found.isSnakeCase) }
      }
    }
  }

  private func readOutcome(
    _ scanner: inout JSONScanner, in bytes: Span<UInt8>
  ) throws(JSONError) -> JSONString? {
    guard try scanner.enterIfObject(in: bytes) else { return nil }
    var outcome: JSONString?
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      if name.equals("outcome", in: bytes) { outcome = value.string }
    }
    return outcome
  }

  private mutating func readRequestData(
    _ scanner: inout JSONScanner, in bytes: Span<UInt8>
  ) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return }
    while let name = try scanner.nextMember(in: bytes) {
      guard Self.requestDataFields.find(name, in: bytes) != nil else {
        _ = try scanner.value(in: bytes)
        continue
      }
      guard try scanner.enterIfObject(in: bytes) else { continue }
      while let name = try scanner.nextMember(in: bytes) {
        let value = try scanner.value(in: bytes).string
        guard let found = Self.addressFields.find(name, in: bytes) else { continue }
        country.take(value, found.isSnakeCase)
      }
    }
  }
}

extension LogEntry.Request {
  private enum Field: Sendable { case method, url, status, userAgent, remoteIP, referer, cacheHit }

  private static let fields = FieldNames<Field>([
    (.method, "requestMethod"), (.url, "requestUrl"), (.status, "status"),
    (.userAgent, "userAgent"), (.remoteIP, "remoteIp"), (.referer, "referer"),
    (.cacheHit, "cacheHit"),
  ])

  /// Nil if the next value is not an object, which is skipped then.
  fileprivate init?(_ scanner: inout JSONScanner, in bytes: Span<UInt8>) throws(JSONError) {
    guard try scanner.enterIfObject(in: bytes) else { return nil }
    let fields = Self.fields
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      guard let (field, isSnakeCase) = fields.find(name, in: bytes) else { continue }
      switch (field, value.kind) {
      case (.method, .string): method.take(value.string, isSnakeCase)
      case (.url, .string): url.take(value.string, isSnakeCase)
      case (.userAgent, .string): userAgent.take(value.string, isSnakeCase)
      case (.remoteIP, .string): remoteIP.take(value.string, isSnakeCase)
      case (.remoteIP, .array): remoteIP.take(value.firstString(in: bytes), isSnakeCase)
      case (.referer, .string): referer.take(value.string, isSnakeCase)
      case (.status, .string), (.status, .number): status = bytes.decimal(at: value.range)
      case (.cacheHit, .true), (.cacheHit, .false): cacheHit = value.kind == .true
      default: continue
      }
    }
  }
}

extension JSONValue {
  /// The first element of an array, if it is a string.
  fileprivate func firstString(in bytes: Span<UInt8>) -> JSONString? {
    var scanner = JSONScanner(at: range.lowerBound)
    guard (try? scanner.enterArray(in: bytes)) != nil,
      (try? scanner.nextElement(in: bytes)) == true
    else { return nil }
    return (try? scanner.value(in: bytes))?.string
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
  /// Becomes `value`; under a snake_case name it only fills a gap.
  @inline(__always)
  fileprivate mutating func take(_ value: JSONString?, _ isSnakeCase: Bool) {
    if !isSnakeCase || self == nil { self = value }
  }
}
