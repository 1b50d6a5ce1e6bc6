// SPDX-License-Identifier: MIT
import Bytes

/// What was read of an input, in a form that all readers can write:
///
/// - A query: for each parameter its name, FF, its value, FE, decoded. Neither byte occurs in UTF-8.
/// - JSON: `"` text FF for a string, `#` digits FF for a number as it was written, `{` `}` around
///   names, as strings, and values, `[` `]` around elements, `t`, `f`, `0` for null.
/// - `rejected` for what is not JSON.
enum Reading {
  static let rejected = Array("rejected".utf8)

  /// The query as our scanner reads it where it lies in `bytes`; other bytes around it must not matter.
  static func query(_ range: Range<Int>, in bytes: [UInt8]) throws -> [UInt8] {
    var reading: [UInt8] = []
    var parameters = QueryString(range)
    while let parameter = parameters.next(in: bytes.span) {
      reading += try text(parameter.name, parameter.nameIsEncoded, in: bytes) + [0xff]
      reading += try text(parameter.value, parameter.valueIsEncoded, in: bytes) + [0xfe]
    }
    return reading
  }

  private static func text(
    _ range: Range<Int>, _ isEncoded: Bool, in bytes: [UInt8]
  ) throws -> [UInt8] {
    var text = ByteWriter()
    text.append(formDecoding: bytes.span, range)
    // What is said to need no decoding needs none, and both ways to a row give the same.
    guard isEncoded || text.bytes == Array(bytes[range]) else { throw Contradiction.encoding }
    var (direct, again) = (ByteWriter(), ByteWriter())
    direct.append(jsonFormDecoding: bytes.span, range)
    again.append(json: text.bytes.span)
    guard direct.bytes == again.bytes else { throw Contradiction.literal }
    return text.bytes
  }

  /// The document that begins at `start` and ends with the bytes.
  static func json(from start: Int, in bytes: [UInt8]) throws -> [UInt8] {
    let skipped = skip(from: start, in: bytes)
    var reading: [UInt8] = []
    var scanner = JSONScanner(at: start)
    do throws(JSONError) {
      try walk(&scanner, bytes, &reading)
      try scanner.finish(in: bytes.span)
    } catch {
      guard skipped == error else { throw Contradiction.skipping }
      if error == .tooDeep { throw Documented.depth }
      return rejected
    }
    guard skipped == nil else { throw Contradiction.skipping }
    return reading
  }

  /// Why the document is refused if all of it is skipped at once.
  private static func skip(from start: Int, in bytes: [UInt8]) -> JSONError? {
    var scanner = JSONScanner(at: start)
    do throws(JSONError) {
      _ = try scanner.value(in: bytes.span)
      try scanner.finish(in: bytes.span)
      return nil
    } catch {
      return error
    }
  }

  private static func walk(
    _ scanner: inout JSONScanner, _ bytes: [UInt8], _ reading: inout [UInt8]
  ) throws(JSONError) {
    switch try scanner.peek(in: bytes.span) {
    case .object:
      reading.append(UInt8(ascii: "{"))
      try scanner.enterObject(in: bytes.span)
      while let name = try scanner.nextMember(in: bytes.span) {
        reading += [UInt8(ascii: "\"")] + name.text(in: bytes.span) + [0xff]
        try walk(&scanner, bytes, &reading)
      }
      reading.append(UInt8(ascii: "}"))
    case .array:
      reading.append(UInt8(ascii: "["))
      try scanner.enterArray(in: bytes.span)
      while try scanner.nextElement(in: bytes.span) { try walk(&scanner, bytes, &reading) }
      reading.append(UInt8(ascii: "]"))
    case .string:
      let string = try scanner.value(in: bytes.span).string
      reading += [UInt8(ascii: "\"")] + (string?.text(in: bytes.span) ?? []) + [0xff]
    case .number:
      let range = try scanner.value(in: bytes.span).range
      reading += [UInt8(ascii: "#")] + bytes[range] + [0xff]
    case .true, .false, .null:
      let kind = try scanner.value(in: bytes.span).kind
      reading.append(UInt8(ascii: kind == .true ? "t" : kind == .false ? "f" : "0"))
    }
  }
}

/// Our own parsers disagree with each other.
enum Contradiction: Error {
  case encoding, literal, skipping
}
