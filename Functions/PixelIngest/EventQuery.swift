// SPDX-License-Identifier: MIT
import Bytes

/// Writes an event as the query string that it would have as a pixel's, so that LogParse, its limits and
/// the contract are the same for both: `JSONQuery` for JSON, and forms as they are.
struct EventQuery {
  static let maximumValues = 1000
  static let maximumNameBytes = JSONQuery.maximumNameBytes

  private var writer = JSONQuery(maximumValues: maximumValues)
  var query: ByteWriter { writer.query }

  /// Begins the next event.
  mutating func removeAll() { writer.removeAll() }

  /// Appends the members of the object that is all of `json`.
  mutating func append(json: Span<UInt8>) throws(EventProblem) {
    do throws(JSONQueryProblem) { try writer.append(json: json) } catch {
      throw EventProblem(error)
    }
  }

  /// Appends the parameters of a form.
  mutating func append(form: Span<UInt8>) throws(EventProblem) {
    var parameters = QueryString(0..<form.count)
    while let parameter = parameters.next(in: form) {
      let name = Self.encoded(nameOf: parameter, in: form)
      let value = Self.encoded(valueOf: parameter, in: form)
      do throws(JSONQueryProblem) {
        try writer.append(name: name.bytes.span, value: value.bytes.span)
      } catch {
        throw EventProblem(error)
      }
    }
  }

  /// A dot sent as `%2E` stays encoded, so it does not split the name.
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
      writer.append(default: each.name.span, each.value.span)
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
