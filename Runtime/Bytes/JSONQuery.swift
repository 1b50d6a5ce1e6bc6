// SPDX-License-Identifier: MIT

/// Why JSON cannot be written as a query.
public enum JSONQueryProblem: Error {
  /// Not JSON in UTF-8, or nested more than 64 deep.
  case notJSON
  /// JSON, but no object.
  case notAnObject
  /// More values than are allowed.
  case tooManyValues
}

/// Writes a JSON object as the query string that has the same names and values, so that a query's reader and its
/// limits do for both:
///
/// | JSON | query |
/// |---|---|
/// | `{"a": "x y", "b": 1.5, "c": true}` | `a=x%20y&b=1.5&c=true` |
/// | `{"a": {"b": 1}}` | `a.b=1` |
/// | `{"tags": ["x", "y"]}` | `tags=x&tags=y` |
/// | `{"items": [{"sku": "x"}, {"sku": "y"}]}` | `items[0].sku=x&items[1].sku=y` |
/// | `{"a": {"tags": ["x", "y"]}}` | `a.tags[]=x&a.tags[]=y` |
/// | `{"a": {"b": "1", "c.d": 2}}` | `a.b=%31&a.c%2Ed=2` |
/// | `{"a": null, "b": {}, "c": []}` | nothing |
///
/// `[]` and needless encoding are for JSON columns: there a list of one stays a list, a text like `"1"` a
/// text, and a dot a part of its name. To other columns they make no difference.
///
/// A key that comes twice comes twice in the query, where the first counts. The output is ASCII and needs no
/// escapes in JSON.
public struct JSONQuery: Sendable {
  /// Longer than any column's: a value with such a name is left out.
  public static let maximumNameBytes = 1000

  public private(set) var query = ByteWriter(capacity: 1024)
  private let maximumValues: Int
  /// The name of the value at hand, encoded.
  private var name = ByteWriter(capacity: 256)
  private var text = ByteWriter(capacity: 256)
  private var values = 0

  public init(maximumValues: Int) { self.maximumValues = maximumValues }

  /// Begins anew.
  public mutating func removeAll() {
    query.removeAll()
    values = 0
  }

  /// Appends the members of the object that is all of `json`.
  public mutating func append(json: Span<UInt8>) throws(JSONQueryProblem) {
    name.removeAll()
    try append(json) { writer, scanner throws in
      guard try scanner.peek(in: json) == .object else { throw JSONQueryProblem.notAnObject }
      try writer.appendObject(&scanner, json, isInside: false)
    }
  }

  /// Appends the value that is all of `json` as the one of this name, which is encoded.
  public mutating func append(
    json: Span<UInt8>, named prefix: Span<UInt8>
  ) throws(JSONQueryProblem) {
    name.removeAll()
    name.append(prefix)
    try append(json) { writer, scanner throws in
      try writer.appendValue(&scanner, json, isInside: false)
    }
  }

  private mutating func append(
    _ json: Span<UInt8>, _ value: (inout JSONQuery, inout JSONScanner) throws -> Void
  ) throws(JSONQueryProblem) {
    var scanner = JSONScanner()
    do {
      try value(&self, &scanner)
      try scanner.finish(in: json)
    } catch let problem as JSONQueryProblem {
      throw problem
    } catch {
      throw .notJSON
    }
  }

  /// Appends a parameter whose name and value are encoded.
  public mutating func append(
    name: Span<UInt8>, value: Span<UInt8>
  ) throws(JSONQueryProblem) {
    self.name.removeAll()
    self.name.append(name)
    try appendName()
    if name.count <= Self.maximumNameBytes { query.append(value) }
  }

  /// The scanner's depth limit bounds the recursion.
  private mutating func appendValue(
    _ scanner: inout JSONScanner, _ json: Span<UInt8>, isInside: Bool
  ) throws {
    switch try scanner.peek(in: json) {
    case .object where name.count <= Self.maximumNameBytes:
      try appendObject(&scanner, json, isInside: true)
    case .array where name.count <= Self.maximumNameBytes:
      try appendArray(&scanner, json, isInside: isInside)
    case .object, .array, .null: _ = try scanner.value(in: json)
    case .string, .number, .true, .false:
      let value = try scanner.value(in: json)
      try appendName()
      guard name.count <= Self.maximumNameBytes else { return }
      if let string = value.string, string.hasEscapes {
        text.removeAll()
        text.append(unescaping: string, in: json)
        let plain = text
        query.append(percentEncoding: plain.bytes.span, isText: isInside)
      } else {
        query.append(
          percentEncoding: json.extracting(value.range),
          isText: isInside && value.kind == .string)
      }
    }
  }

  private mutating func appendObject(
    _ scanner: inout JSONScanner, _ json: Span<UInt8>, isInside: Bool
  ) throws {
    let end = name.count
    try scanner.enterObject(in: json)
    while let key = try scanner.nextMember(in: json) {
      if isInside { name.append(UInt8(ascii: ".")) }
      if key.hasEscapes {
        text.removeAll()
        text.append(unescaping: key, in: json)
        let plain = text
        name.append(percentEncoding: plain.bytes.span, encodingDots: isInside)
      } else {
        name.append(percentEncoding: json.extracting(key.range), encodingDots: isInside)
      }
      try appendValue(&scanner, json, isInside: isInside)
      name.truncate(to: end)
    }
  }

  /// A list of scalars is repeated keys, inside something else with `[]`; a list with anything else in it is
  /// numbered.
  private mutating func appendArray(
    _ scanner: inout JSONScanner, _ json: Span<UInt8>, isInside: Bool
  ) throws {
    let isNumbered = try Self.hasContainer(scanner, json)
    let end = name.count
    var index = 0
    try scanner.enterArray(in: json)
    while try scanner.nextElement(in: json) {
      if isNumbered {
        name.append(UInt8(ascii: "["))
        name.append(decimal: index)
        name.append(UInt8(ascii: "]"))
      } else if isInside {
        name.append("[]")
      }
      try appendValue(&scanner, json, isInside: isInside || isNumbered)
      name.truncate(to: end)
      index &+= 1
    }
  }

  /// Looks no further than the first one, so that nested lists are not looked at again at each level.
  private static func hasContainer(
    _ scanner: JSONScanner, _ json: Span<UInt8>
  ) throws(JSONError) -> Bool {
    var scanner = scanner
    try scanner.enterArray(in: json)
    while try scanner.nextElement(in: json) {
      let kind = try scanner.peek(in: json)
      if kind == .object || kind == .array { return true }
      _ = try scanner.value(in: json)
    }
    return false
  }

  private mutating func appendName() throws(JSONQueryProblem) {
    guard values < maximumValues else { throw .tooManyValues }
    values &+= 1
    guard name.count <= Self.maximumNameBytes else { return }
    if query.count > 0 { query.append(UInt8(ascii: "&")) }
    let encoded = name
    query.append(encoded.bytes.span)
    query.append(UInt8(ascii: "="))
  }

  /// Appends a parameter whose name and value are encoded, beyond any bound.
  public mutating func append(default name: Span<UInt8>, _ value: Span<UInt8>) {
    if query.count > 0 { query.append(UInt8(ascii: "&")) }
    query.append(name)
    query.append(UInt8(ascii: "="))
    query.append(value)
  }
}
