// SPDX-License-Identifier: MIT
import Bytes
import LogParse
import PixelModel

@testable import PixelIngest

/// An event becomes a query that says the same, whoever reads it, and LogParse takes it.
///
/// What stands before the first line feed, if there is one, are the parameters of the URL. The rest is an
/// object if it begins with `{`, else a form.
struct QueryFuzzing: FuzzSubject {
  private var parser: EventParser
  private var event = EventQuery()

  /// Columns of each kind that a nested name may reach.
  private static let contract = """
    [{"name":"event_id","type":"STRING"},{"name":"event_time","type":"TIMESTAMP"},
    {"name":"a","type":"JSON"},{"name":"l","type":"JSON","mode":"REPEATED"},
    {"name":"t","type":"STRING","mode":"REPEATED"},{"name":"s","type":"STRING"},
    {"name":"r","type":"RECORD","fields":[{"name":"j","type":"JSON"},
    {"name":"t","type":"INTEGER","mode":"REPEATED"}]},
    {"name":"i","type":"RECORD","mode":"REPEATED","fields":[{"name":"j","type":"JSON"},
    {"name":"n","type":"NUMERIC"}]},{"name":"_unparsed","type":"JSON"}]
    """

  init() throws {
    let contract = try Contract(json: Array(Self.contract.utf8), name: "fuzz")
    parser = try EventParser(contract: contract, pixelPaths: ["/events"])
  }

  mutating func finding(in input: [UInt8]) -> String? {
    let parts = input.split(
      separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    let url = parts.count == 2 ? Array(parts[0]) : []
    let body = parts.count == 2 ? Array(parts[1]) : input
    let isObject = body.first == UInt8(ascii: "{")

    let defaults: [EventDefault]
    do throws(EventProblem) { defaults = try EventDefault.read(url.span) } catch {
      return url.count > EventDefault.maximum ? nil : "So few bytes are too many parameters."
    }
    event.removeAll()
    let said = isObject ? (try? Flattened(body))?.pairs : Self.pairs(of: body)
    do throws(EventProblem) {
      if isObject {
        try event.append(json: body.span)
      } else {
        try event.append(form: body.span)
      }
    } catch {
      switch error {
      case .notJSON: return said == nil ? nil : "An object is refused."
      case .tooManyFields:
        return input.count > EventQuery.maximumValues ? nil : "So few bytes are too many values."
      default: return "An event is refused: \(error)."
      }
    }
    guard let said else { return "Something else than an object is taken." }
    let query = event.query.bytes
    guard query.allSatisfy(Self.mayStandInQuery) else { return "A byte is not encoded." }
    let found = Self.pairs(of: query)
    guard found.count <= EventQuery.maximumValues else { return "There are too many values." }
    guard found == said else { return "The query says \(found), the event \(said)." }

    event.append(defaults: defaults)
    let all = Self.pairs(of: event.query.bytes)
    guard Array(all.prefix(found.count)) == found else { return "A default changes an event." }
    for each in Self.pairs(of: url)
    where !all.contains(where: { Self.unmarked($0.name) == Self.unmarked(each.name) }) {
      return "A default is left out."
    }
    return problemWithRow(event.query.bytes)
  }

  // MARK: What an event says

  struct Pair: Equatable {
    let name: [UInt8]
    let value: [UInt8]
  }

  /// A name without the `[]` that marks a list.
  private static func unmarked(_ name: [UInt8]) -> ArraySlice<UInt8> {
    name.count > 2 && name.suffix(2) == Array("[]".utf8)[...] ? name.dropLast(2) : name[...]
  }

  private static func mayStandInQuery(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~[]%&=".utf8.contains(byte)
    }
  }

  /// The names and values of a form as text, those apart whose names are too long.
  private static func pairs(of form: [UInt8]) -> [Pair] {
    let bytes = form.span
    var parameters = QueryString(0..<form.count)
    var pairs: [Pair] = []
    while let each = parameters.next(in: bytes) {
      var (name, value) = (ByteWriter(), ByteWriter())
      name.append(formDecoding: bytes, each.name)
      value.append(formDecoding: bytes, each.value)
      let encoded = EventQuery.encoded(nameOf: each, in: bytes)
      guard encoded.count <= EventQuery.maximumNameBytes else { continue }
      pairs.append(Pair(name: name.bytes, value: value.bytes))
    }
    return pairs
  }

  /// An object's values with their names, in order; written apart from what is tested, and slow.
  private struct Flattened {
    var pairs: [Pair] = []

    init(_ json: [UInt8]) throws(EventProblem) {
      var scanner = JSONScanner()
      do {
        try add(&scanner, json, name: "", encoded: 0, depth: 0)
        try scanner.finish(in: json.span)
      } catch {
        throw .notJSON
      }
    }

    /// - Parameters:
    ///   - encoded: How long the name is when it is encoded.
    ///   - depth: 0 for the event itself, 1 for its members.
    private mutating func add(
      _ scanner: inout JSONScanner, _ json: [UInt8], name: String, encoded: Int, depth: Int
    ) throws(JSONError) {
      let bytes = json.span
      switch try scanner.peek(in: bytes) {
      case .object:
        let isInside = depth > 0
        try scanner.enterObject(in: bytes)
        while let key = try scanner.nextMember(in: bytes) {
          let text = key.string(in: bytes)
          var step = ByteWriter()
          step.append(percentEncoding: Array(text.utf8).span, encodingDots: isInside)
          try add(
            &scanner, json, name: isInside ? "\(name).\(text)" : text,
            encoded: encoded + step.count + (isInside ? 1 : 0), depth: depth + 1)
        }
      case .array:
        var (places, isNumbered) = (scanner, false)
        try places.enterArray(in: bytes)
        while try places.nextElement(in: bytes) {
          let kind = try places.value(in: bytes).kind
          if kind == .object || kind == .array { isNumbered = true }
        }
        let isInside = depth > 1
        try scanner.enterArray(in: bytes)
        var index = 0
        while try scanner.nextElement(in: bytes) {
          let step = isNumbered ? "[\(index)]" : isInside ? "[]" : ""
          try add(
            &scanner, json, name: name + step, encoded: encoded + step.utf8.count,
            depth: isNumbered ? depth + 1 : depth)
          index += 1
        }
      default:
        let value = try scanner.value(in: bytes)
        guard value.kind != .null, encoded <= EventQuery.maximumNameBytes else { return }
        let text = value.string?.string(in: bytes) ?? bytes.string(value.range)
        pairs.append(Pair(name: Array(name.utf8), value: Array(text.utf8)))
      }
    }
  }

  // MARK: What LogParse makes of it

  private mutating func problemWithRow(_ query: [UInt8]) -> String? {
    var entry = ByteWriter()
    entry.append(
      #"{"insertId":"a","timestamp":"2026-01-02T03:04:05Z","resource":{"type":"pixel_ingest"},"#)
    entry.append(#""httpRequest":{"requestMethod":"POST","requestUrl":"http://a/events?"#)
    entry.append(query.span)
    entry.append(#""}}"#)
    var (row, again) = (ByteWriter(), ByteWriter())
    switch parser.parse(entry.bytes.span, into: &row) {
    case .rejected(let rejection):
      return rejection.reason == .eventTooLarge ? nil : "It is rejected: \(rejection)."
    case .leftAlone(let why): return "It is left alone: \(why)."
    case .test: return nil
    case .event: break
    }
    _ = parser.parse(entry.bytes.span, into: &again)
    guard again.bytes == row.bytes else { return "The same event is another row." }
    do throws(JSONError) { return try Self.problem(with: row.bytes.span) } catch {
      return "A row, or a JSON column in it, is not JSON: \(error)."
    }
  }

  /// The text in each JSON column is JSON too.
  private static func problem(with row: Span<UInt8>) throws(JSONError) -> String? {
    var scanner = JSONScanner()
    try scanner.enterObject(in: row)
    while let name = try scanner.nextMember(in: row) {
      guard name.equals("l", in: row) else {
        let value = try scanner.value(in: row)
        if name.equals("a", in: row) || name.equals("_unparsed", in: row) {
          try check(value, in: row)
        }
        continue
      }
      try scanner.enterArray(in: row)
      while try scanner.nextElement(in: row) { try check(try scanner.value(in: row), in: row) }
    }
    try scanner.finish(in: row)
    return nil
  }

  private static func check(_ value: JSONValue, in row: Span<UInt8>) throws(JSONError) {
    guard let text = value.string?.text(in: row) else { throw .notAnObject }
    var scanner = JSONScanner()
    _ = try scanner.value(in: text.span)
    try scanner.finish(in: text.span)
  }
}
