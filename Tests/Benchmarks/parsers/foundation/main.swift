// SPDX-License-Identifier: MIT
import Foundation

/// The same work with Foundation, as one writes it: Codable for the JSON, URLComponents for the URL.
/// Called like `parse-core`.
struct Push: Decodable {
  struct Message: Decodable { let data: Data }
  let message: Message
}

struct Entry: Decodable {
  struct Request: Decodable {
    let requestMethod: String?
    let requestUrl: String?
    let status: Int?
    let userAgent: String?
    let remoteIp: String?
    let referer: String?
    let cacheHit: Bool?
  }
  let insertId: String
  let timestamp: String
  let receiveTimestamp: String?
  let httpRequest: Request?
}

struct Column: Decodable {
  let name: String
  let type: String
  let mode: String?
}

/// A value of a row, which is written as it is.
enum Value: Encodable {
  case text(String)
  case flag(Bool)
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .flag(let flag): try container.encode(flag)
    }
  }
}

struct NoEvent: Error {}

struct Parser {
  static let reserved: Set<String> = [
    "event_id", "event_time", "received_time", "request_path", "host", "referer", "user_agent",
    "remote_ip", "method", "status", "cache_hit",
  ]

  let columns: [Column]
  let types: [String: String]
  let required: [String]
  let decoder = JSONDecoder()
  let encoder = JSONEncoder()

  init(_ columns: [Column]) {
    self.columns = columns
    types = columns.reduce(into: [:]) { types, column in
      if !Self.reserved.contains(column.name) { types[column.name] = column.type }
    }
    required = columns.filter { $0.mode == "REQUIRED" }.map(\.name)
    decoder.dataDecodingStrategy = .base64
    encoder.outputFormatting = .withoutEscapingSlashes
  }

  func parse(_ push: Data) throws -> Data {
    let data = try decoder.decode(Push.self, from: push).message.data
    let entry = try decoder.decode(Entry.self, from: data)
    guard let request = entry.httpRequest, let url = request.requestUrl,
      let components = URLComponents(string: url), components.path == "/pixel.png",
      let method = request.requestMethod, ["GET", "HEAD", "POST"].contains(method)
    else { throw NoEvent() }

    var row: [String: Value] = [:]
    for item in components.queryItems ?? [] {
      guard let type = types[item.name], row[item.name] == nil else { continue }
      // URLComponents leaves the plus that stands for a space.
      let plain = item.value?.replacingOccurrences(of: "+", with: " ") ?? ""
      if let value = Self.value(plain, type) { row[item.name] = .text(value) }
    }
    row["event_id"] = .text("\(Self.compact(entry.timestamp))-\(entry.insertId)")
    row["event_time"] = .text(Self.microseconds(entry.timestamp))
    row["received_time"] = entry.receiveTimestamp.map { .text(Self.microseconds($0)) }
    row["request_path"] = .text(components.path)
    row["host"] = components.host.map { .text($0) }
    row["referer"] = request.referer.map { .text($0) }
    row["user_agent"] = request.userAgent.map { .text($0) }
    row["remote_ip"] = request.remoteIp.map { .text($0) }
    row["method"] = .text(method)
    row["status"] = request.status.map { .text(String($0)) }
    row["cache_hit"] = request.cacheHit.map { .flag($0) }
    for name in required where row[name] == nil { throw NoEvent() }
    return try encoder.encode(row)
  }

  static func value(_ text: String, _ type: String) -> String? {
    switch type {
    case "INTEGER": Int64(text).map { String($0) }
    case "NUMERIC": Double(text).map { _ in text }
    default: text
    }
  }

  /// `2026-01-02T03:44:05.123456Z` as `20260102T034405.123456000Z`.
  static func compact(_ time: String) -> String {
    var digits = time.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }
    digits.removeLast()
    while digits.count < 25 { digits.append(UInt8(ascii: "0")) }
    return String(decoding: digits, as: UTF8.self) + "Z"
  }

  /// The same time with six digits behind the point.
  static func microseconds(_ time: String) -> String { time.prefix(26) + "Z" }
}

func nanosecondsUsed() -> Int { Int(clock() * (1_000_000_000 / CLOCKS_PER_SEC)) }

func run() throws {
  let arguments = CommandLine.arguments
  let columns = try JSONDecoder().decode(
    [Column].self, from: Data(contentsOf: URL(fileURLWithPath: arguments[1])))
  let pushes = try Data(contentsOf: URL(fileURLWithPath: arguments[2]))
    .split(separator: UInt8(ascii: "\n")).map { Data($0) }
  let parser = Parser(columns)
  guard arguments[3] == "time" else {
    for push in pushes { print(String(decoding: try parser.parse(push), as: UTF8.self)) }
    return
  }
  for push in pushes { _ = try parser.parse(push) }
  let seconds = Int(arguments[4]) ?? 1
  let began = nanosecondsUsed()
  var count = 0
  repeat {
    for push in pushes { _ = try parser.parse(push) }
    count += pushes.count
  } while nanosecondsUsed() - began < seconds * 1_000_000_000
  print(Double(nanosecondsUsed() - began) / Double(count))
}

try run()
