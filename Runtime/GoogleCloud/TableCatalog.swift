// SPDX-License-Identifier: MIT
import Bytes
import HTTPClient

/// Says which tables a dataset has.
public struct TableCatalog {
  public enum Answer<Value> {
    case found(Value)
    /// The dataset or the table does not exist.
    case missing(TableTrouble)
    /// This account may not ask.
    case denied(why: String)
    /// The answer is unknown; the question may be asked again.
    case failed(why: String)
  }

  /// Names of tables, and where the next page begins.
  public struct Page: Equatable, Sendable {
    public var tables: [String] = []
    public var next: String?
  }

  private static let timeout = Duration.seconds(10)
  private let client: BigQueryClient
  private let dataset: String

  public init(caller: CloudCaller, cloud: CloudSettings, dataset: String) {
    client = BigQueryClient(caller: caller, cloud: cloud)
    self.dataset = dataset
  }

  /// One page of `tables.list`.
  public func list(after token: String?, _ completion: @escaping (Answer<Page>) -> Void) {
    var path = "/datasets/\(dataset)/tables?maxResults=1000"
    path += "&fields=nextPageToken,tables(tableReference(tableId))"
    if let token { path += "&pageToken=\(Self.percentEncoded(token))" }
    ask(path, Self.readPage, completion)
  }

  /// `tables.get`: the names of a table's columns.
  public func columns(of table: String, _ completion: @escaping (Answer<[String]>) -> Void) {
    ask("/datasets/\(dataset)/tables/\(table)?fields=schema", Self.readColumns, completion)
  }

  private func ask<Value>(
    _ path: String, _ read: @escaping ([UInt8]) -> Value?,
    _ completion: @escaping (Answer<Value>) -> Void
  ) {
    client.send("GET", path, timeout: Self.timeout) { ending in
      switch ending {
      case .noAccess(let error): completion(.failed(why: error.description))
      case .ended(.failure(let error), _): completion(.failed(why: "BigQuery: \(error)"))
      case .ended(.success(let response), let authorization):
        let error = response.status == 200 ? nil : BigQueryError(response.body)
        let why =
          "BigQuery: status \(response.status)"
          + (error.map { ", \($0.reason): \($0.message)" } ?? "")
        switch response.status {
        case 200:
          completion(
            read(response.body).map { .found($0) }
              ?? .failed(why: "BigQuery: an answer that can't be read"))
        case 404:
          completion(.missing(TableTrouble(.init(missing: error?.message ?? ""), why: why)))
        case 403 where !InsertAllAnswer.isQuota(error): completion(.denied(why: why))
        default:
          if response.status == 401 { client.refused(authorization) }
          completion(.failed(why: why))
        }
      }
    }
  }

  /// Every byte but letters and digits, so that nothing in a token can end the parameter.
  static func percentEncoded(_ text: String) -> String {
    var writer = ByteWriter()
    for byte in text.utf8 {
      if byte.isLetter || byte &- 0x30 < 10 {
        writer.append(byte)
      } else {
        writer.append(UInt8(ascii: "%"))
        writer.append(upperHex: byte)
      }
    }
    return writer.bytes.span.string
  }

  // MARK: Reading

  /// `{"tables": [{"tableReference": {"tableId"}}], "nextPageToken"}`; both members may be absent.
  static func readPage(_ body: [UInt8]) -> Page? { try? parsePage(body.span) }

  private static func parsePage(_ bytes: Span<UInt8>) throws(JSONError) -> Page {
    var page = Page()
    var scanner = JSONScanner()
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      if name.equals("tables", in: bytes), try scanner.peek(in: bytes) == .array {
        try scanner.enterArray(in: bytes)
        while try scanner.nextElement(in: bytes) {
          if let id = try member("tableReference", "tableId", &scanner, bytes) {
            page.tables.append(id)
          }
        }
      } else {
        let value = try scanner.value(in: bytes)
        if name.equals("nextPageToken", in: bytes) {
          page.next = value.string?.string(in: bytes)
        }
      }
    }
    try scanner.finish(in: bytes)
    return page
  }

  /// The text at `outer.inner` of the next object.
  private static func member(
    _ outer: StaticString, _ inner: StaticString, _ scanner: inout JSONScanner,
    _ bytes: Span<UInt8>
  ) throws(JSONError) -> String? {
    var found: String?
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      guard name.equals(outer, in: bytes), try scanner.peek(in: bytes) == .object else {
        _ = try scanner.value(in: bytes)
        continue
      }
      try scanner.enterObject(in: bytes)
      while let name = try scanner.nextMember(in: bytes) {
        let value = try scanner.value(in: bytes)
        if name.equals(inner, in: bytes) { found = value.string?.string(in: bytes) }
      }
    }
    return found
  }

  /// The names in `schema.fields` of a table; none if it has no schema.
  static func readColumns(_ body: [UInt8]) -> [String]? { try? parseColumns(body.span) }

  private static func parseColumns(_ bytes: Span<UInt8>) throws(JSONError) -> [String] {
    var columns: [String] = []
    var scanner = JSONScanner()
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      guard name.equals("schema", in: bytes), try scanner.peek(in: bytes) == .object else {
        _ = try scanner.value(in: bytes)
        continue
      }
      try scanner.enterObject(in: bytes)
      while let name = try scanner.nextMember(in: bytes) {
        guard name.equals("fields", in: bytes), try scanner.peek(in: bytes) == .array else {
          _ = try scanner.value(in: bytes)
          continue
        }
        try scanner.enterArray(in: bytes)
        while try scanner.nextElement(in: bytes) {
          try scanner.enterObject(in: bytes)
          while let name = try scanner.nextMember(in: bytes) {
            let value = try scanner.value(in: bytes)
            if name.equals("name", in: bytes), let text = value.string {
              columns.append(text.string(in: bytes))
            }
          }
        }
      }
    }
    try scanner.finish(in: bytes)
    return columns
  }
}
