// SPDX-License-Identifier: MIT

/// Why bytes are not JSON, or not JSON that we take.
public enum JSONError: Error, Equatable, Sendable {
  /// The byte at this offset cannot stand there.
  case unexpectedByte(at: Int)
  /// The text ends in the middle of a value.
  case truncated
  /// Arrays and objects nest deeper than `JSONScanner.maximumDepth`.
  case tooDeep
  /// The text is not UTF-8, which RFC 8259 §8.1 asks for.
  case notUTF8
  /// The text is JSON but not an object.
  case notAnObject
}

extension JSONError: CustomStringConvertible {
  /// Half a sentence, to stand behind a colon. Gives the offset, never the bytes.
  public var description: String {
    switch self {
    case .unexpectedByte(let offset): "unexpected byte at offset \(offset)"
    case .truncated: "it ends in the middle of a value"
    case .tooDeep: "it nests deeper than \(JSONScanner.maximumDepth) levels"
    case .notUTF8: "it is not UTF-8"
    case .notAnObject: "there is no object where one has to be"
    }
  }
}

/// The kind of a JSON value, seen from its first byte.
public enum JSONKind: UInt8, Sendable {
  case object, array, string, number, `true`, `false`, null
}

/// Where a JSON value lies in the scanned bytes.
public struct JSONValue: Equatable, Sendable {
  public let kind: JSONKind
  /// The whole value; for a string the text between its quotes.
  public let range: Range<Int>
  /// For a string: whether it contains `\` escapes. Otherwise false.
  public let hasEscapes: Bool

  @inlinable
  public init(_ kind: JSONKind, _ range: Range<Int>, hasEscapes: Bool = false) {
    self.kind = kind
    self.range = range
    self.hasEscapes = hasEscapes
  }

  /// The value as a string, if it is one.
  @inlinable
  public var string: JSONString? {
    kind == .string ? JSONString(range: range, hasEscapes: hasEscapes) : nil
  }
}

/// Where a JSON string lies in the scanned bytes, without its quotes, still escaped.
public struct JSONString: Equatable, Sendable {
  public let range: Range<Int>
  /// Without escapes the bytes in `range` are the text itself.
  public let hasEscapes: Bool

  @inlinable
  public init(range: Range<Int>, hasEscapes: Bool) {
    self.range = range
    self.hasEscapes = hasEscapes
  }

  /// Whether the string's text is `text`, however it is escaped.
  @inlinable
  public func equals(_ text: StaticString, in bytes: Span<UInt8>) -> Bool {
    hasEscapes ? equalsUnescaped(text, in: bytes) : bytes.equals(text, at: range)
  }

  @usableFromInline
  func equalsUnescaped(_ text: StaticString, in bytes: Span<UInt8>) -> Bool {
    var writer = ByteWriter(capacity: range.count)
    writer.append(unescaping: self, in: bytes)
    return writer.bytes.span.equals(text)
  }

  /// Whether two strings have the same text, however each is escaped.
  public func equals(_ other: JSONString, in bytes: Span<UInt8>) -> Bool {
    if !hasEscapes, !other.hasEscapes {
      return bytes.equals(bytes.extracting(other.range), at: range)
    }
    return text(in: bytes) == other.text(in: bytes)
  }

  /// The string's text as bytes, for the places that may allocate.
  public func text(in bytes: Span<UInt8>) -> [UInt8] {
    var writer = ByteWriter(capacity: range.count)
    writer.append(unescaping: self, in: bytes)
    return writer.bytes
  }

  /// The string's text, for the places that may allocate.
  public func string(in bytes: Span<UInt8>) -> String {
    hasEscapes ? text(in: bytes).span.string : bytes.string(range)
  }
}
