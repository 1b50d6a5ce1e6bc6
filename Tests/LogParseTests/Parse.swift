// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import Foundation
import LogParse
import PixelModel
import Testing

/// What a test looks at after an entry was parsed.
struct Parsed {
  let verdict: Verdict
  /// The row's bytes as text; empty if there is none.
  let text: String
  /// The row as Foundation reads it.
  let row: [String: Any]

  var reason: Reason? { rejection?.reason }
  var detail: String? { rejection?.detail }
  var rejection: Rejection? {
    switch verdict {
    case .rejected(let rejection), .test(.failure(let rejection)): rejection
    case .event, .leftAlone, .test: nil
    }
  }
  var leftAlone: LeftAlone? { if case .leftAlone(let why) = verdict { why } else { nil } }
  var isEvent: Bool { event != nil }
  var event: Event? { if case .event(let event) = verdict { event } else { nil } }
  var isTest: Bool { if case .test = verdict { true } else { false } }
  subscript(column: String) -> String? { row[column] as? String }
}

extension EventParser {
  /// The contract that ships, with the paths that are the default.
  static func shipped() throws -> EventParser {
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = package.appendingPathComponent("infra/contracts/pixel.json")
    let contract = try Contract(json: Array(Data(contentsOf: file)), name: "pixel")
    return try EventParser(contract: contract, pixelPaths: ["/pixel.png", "/pixel.gif"])
  }

  /// A contract of `event_id`, `event_time` and these columns: `"name TYPE MODE"`, `STRING(5)` for a
  /// length, `NUMERIC(10,2)` for precision and scale, `MODE=default` for a default.
  static func with(
    privacy: PrivacyPolicy = PrivacyPolicy(), _ columns: String...
  ) throws -> EventParser {
    try with(privacy: privacy, columns)
  }

  static func with(
    privacy: PrivacyPolicy = PrivacyPolicy(), _ columns: [String]
  ) throws -> EventParser {
    let all = ["event_id STRING REQUIRED", "event_time TIMESTAMP REQUIRED"] + columns
    let contract = try Contract(
      json: Array("[\(all.map(Self.column).joined(separator: ","))]".utf8), name: "test")
    return try EventParser(contract: contract, pixelPaths: ["/pixel.png"], privacy: privacy)
  }

  /// One column as a schema file has it: `name TYPE MODE`, and for a RECORD its fields behind that, in
  /// braces with commas: `items RECORD REPEATED {sku STRING REQUIRED, price NUMERIC}`.
  static func column(_ text: String) -> String {
    let brace = text.firstIndex(of: "{")
    let words = text[..<(brace ?? text.endIndex)].split(separator: " ")
    let modes = (words.count > 2 ? words[2] : "NULLABLE").split(separator: "=")
    let mode = modes[0]
    var more = modes.count > 1 ? #","defaultValueExpression":"\#(modes[1])""# : ""
    if let brace {
      let inside = text[text.index(after: brace)...].dropLast()
      more += #","fields":[\#(Self.fields(inside).map(column).joined(separator: ","))]"#
    } else if words[1] == "RECORD" {
      more += #","fields":[{"name":"id","type":"STRING"}]"#
    }
    let type = words[1].split(separator: "(")
    if type.count > 1, type[0].hasSuffix("NUMERIC") {
      let digits = type[1].dropLast().split(separator: ",")
      more += #","precision":"\#(digits[0])""#
      if digits.count > 1 { more += #","scale":"\#(digits[1])""# }
      if digits.count > 2 { more += #","roundingMode":"\#(digits[2])""# }
    } else if type.count > 1 {
      more += #","maxLength":"\#(type[1].dropLast())""#
    }
    return #"{"name":"\#(words[0])","type":"\#(type[0])","mode":"\#(mode)"\#(more)}"#
  }

  /// Parts the fields at the commas that are in no braces of their own.
  private static func fields(_ text: Substring) -> [String] {
    var fields = [""]
    var depth = 0
    for character in text {
      depth += "{(".contains(character) ? 1 : "})".contains(character) ? -1 : 0
      if character == ",", depth == 0 {
        fields.append("")
      } else {
        fields[fields.count - 1].append(character)
      }
    }
    return fields
  }

  mutating func parse(_ entry: [UInt8]) throws -> Parsed {
    // What was in the row before must not matter.
    var row = ByteWriter()
    row.append("rubbish")
    let verdict = parse(entry.span, into: &row)
    guard case .event(let event) = verdict else {
      #expect(row.count == 0)
      return Parsed(verdict: verdict, text: "", row: [:])
    }
    let object = try JSONSerialization.jsonObject(with: Data(row.bytes)) as? [String: Any]
    let values = try #require(object)
    #expect(values["event_id"] as? String == event.id)
    #expect(
      (values["event_time"] as? String).flatMap { Timestamp(rfc3339: $0) }?.seconds
        == event.time.seconds)
    return Parsed(verdict: verdict, text: row.bytes.span.string, row: values)
  }

  /// Parses a hit of the pixel with this query.
  mutating func parse(query: String) throws -> Parsed {
    try parse(entry(url: "https://t.example.com/pixel.png?\(query)"))
  }
}

/// An entry as a load balancer writes it.
func entry(
  url: String, method: String = "GET", request: String = "", more: String = ""
) -> [UInt8] {
  var literal = ByteWriter()
  literal.append(json: url)
  return Array(
    """
    {"insertId":"abc","httpRequest":{"requestMethod":"\(method)","requestUrl":\
    \(literal.bytes.span.string)\(request)},"resource":{"type":"http_load_balancer"},\
    "timestamp":"2026-01-02T03:44:05.123456789Z"\(more)}
    """.utf8)
}
