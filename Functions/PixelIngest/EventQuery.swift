// SPDX-License-Identifier: MIT
import Bytes

/// Writes an event as the query string that it would have as a pixel's, so that LogParse, its limits and
/// the contract are the same for both:
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
/// `[]`, and what is encoded without need, are for JSON columns: there a list of one stays a list, a text like
/// `"1"` a text, and a dot a part of its name. To other columns they make no difference.
///
/// A key that comes twice comes twice in the query, where the first counts. What is written is ASCII and
/// needs no escapes in JSON.
struct EventQuery {
  static let maximumValues = 1000
  /// Longer than any column's: a value with such a name is left out.
  static let maximumNameBytes = 1000

  private(set) var query = ByteWriter(capacity: 1024)
  /// The name of the value at hand, encoded.
  private var name = ByteWriter(capacity: 256)
  private var text = ByteWriter(capacity: 256)
  private var values = 0

  /// Begins the next event.
  mutating func removeAll() {
    query.removeAll()
    values = 0
  }

  // MARK: JSON

  /// Appends the members of the object that is all of `json`.
  mutating func append(json: Span<UInt8>) throws(EventProblem) {
    var scanner = JSONScanner()
    name.removeAll()
    do {
      guard try scanner.peek(in: json) == .object else { throw EventProblem.notAnObject }
      try appendObject(&scanner, json, isInside: false)
      try scanner.finish(in: json)
    } catch let problem as EventProblem {
      throw problem
    } catch {
      throw .notJSON
    }
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

  private mutating func appendName() throws(EventProblem) {
    guard values < Self.maximumValues else { throw .tooManyFields }
    values &+= 1
    guard name.count <= Self.maximumNameBytes else { return }
    if query.count > 0 { query.append(UInt8(ascii: "&")) }
    let encoded = name
    query.append(encoded.bytes.span)
    query.append(UInt8(ascii: "="))
  }

  // MARK: Parameters

  /// Appends the parameters of a form.
  mutating func append(form: Span<UInt8>) throws(EventProblem) {
    var parameters = QueryString(0..<form.count)
    while let parameter = parameters.next(in: form) {
      name = Self.encoded(nameOf: parameter, in: form)
      try appendName()
      guard name.count <= Self.maximumNameBytes else { continue }
      query.append(Self.encoded(valueOf: parameter, in: form).bytes.span)
    }
  }

  /// A dot that came encoded stays so: it parts no name.
  static func encoded(nameOf parameter: QueryParameter, in form: Span<UInt8>) -> ByteWriter {
    var encoded = ByteWriter(capacity: parameter.name.count)
    var at = parameter.name.lowerBound
    while true {
      let dot = form.firstIndex(of: UInt8(ascii: "."), in: at..<parameter.name.upperBound)
      var text = ByteWriter(capacity: dot &- at)
      text.append(formDecoding: form, at..<dot)
      encoded.append(percentEncoding: text.bytes.span, encodingDots: true)
      guard dot < parameter.name.upperBound else { return encoded }
      encoded.append(UInt8(ascii: "."))
      at = dot &+ 1
    }
  }

  /// A number that came encoded stays so: it is text.
  fileprivate static func encoded(
    valueOf parameter: QueryParameter, in form: Span<UInt8>
  ) -> ByteWriter {
    var text = ByteWriter(capacity: parameter.value.count)
    text.append(formDecoding: form, parameter.value)
    var encoded = ByteWriter(capacity: text.count &+ 2)
    encoded.append(percentEncoding: text.bytes.span, isText: parameter.valueIsEncoded)
    return encoded
  }

  /// Appends those of `defaults`, which are encoded as here, whose name the event does not have.
  mutating func append(defaults: [EventDefault]) {
    let own = query
    for each in defaults where !own.bytes.span.hasParameter(named: each.name.span) {
      if query.count > 0 { query.append(UInt8(ascii: "&")) }
      query.append(each.name.span)
      query.append(UInt8(ascii: "="))
      query.append(each.value.span)
    }
  }
}

/// A parameter of the URL that a `POST` goes to: it holds for each event that has none of its name.
struct EventDefault: Equatable {
  static let maximum = 64
  let name: [UInt8]
  let value: [UInt8]

  static func read(_ query: Span<UInt8>) throws(EventProblem) -> [EventDefault] {
    var defaults: [EventDefault] = []
    var parameters = QueryString(0..<query.count)
    while let parameter = parameters.next(in: query) {
      guard defaults.count < maximum else { throw .tooManyDefaults }
      defaults.append(
        EventDefault(
          name: EventQuery.encoded(nameOf: parameter, in: query).bytes,
          value: EventQuery.encoded(valueOf: parameter, in: query).bytes))
    }
    return defaults
  }
}

extension Span where Element == UInt8 {
  /// Whether there is one of this name; `tags[]` is another way to write `tags`.
  fileprivate func hasParameter(named name: Span<UInt8>) -> Bool {
    let wanted = name.extracting(name.withoutListMark(0..<name.count))
    var parameters = QueryString(0..<count)
    while let parameter = parameters.next(in: self) {
      if equals(wanted, at: withoutListMark(parameter.name)) { return true }
    }
    return false
  }

  private func withoutListMark(_ name: Range<Int>) -> Range<Int> {
    let end = name.upperBound &- 2
    guard end > name.lowerBound, equals("[]", at: end..<name.upperBound) else { return name }
    return name.lowerBound..<end
  }
}

extension ByteWriter {
  /// Appends a value. A text that could be taken for a number or a truth value is marked as one: its first byte
  /// is encoded.
  fileprivate mutating func append(percentEncoding value: Span<UInt8>, isText: Bool) {
    guard isText, value.isPlainLiteral else { return append(percentEncoding: value) }
    append(UInt8(ascii: "%"))
    append(upperHex: value[0])
    append(percentEncoding: value.extracting(1..<value.count))
  }

  /// Appends text with everything but letters, digits and `-._~[]` as `%XX`; ill-formed UTF-8 stays for the
  /// reader to repair.
  mutating func append(percentEncoding text: Span<UInt8>, encodingDots: Bool = false) {
    var kept = 0
    let dot = encodingDots ? UInt8(ascii: ".") : UInt8(ascii: "%")
    for at in text.indices where !text[at].isPlainInQuery || text[at] == dot {
      append(text, kept..<at)
      append(UInt8(ascii: "%"))
      append(upperHex: text[at])
      kept = at &+ 1
    }
    append(text, kept..<text.count)
  }
}

extension UInt8 {
  /// RFC 3986 §2.3, and the brackets that number a list.
  @inline(__always)
  fileprivate var isPlainInQuery: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "["), UInt8(ascii: "]"):
      true
    default: false
    }
  }
}
