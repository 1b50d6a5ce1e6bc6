// SPDX-License-Identifier: MIT

/// Walks over JSON text without building anything: a caller enters the objects it cares about, takes
/// the members it wants as ranges, and skips the rest. The grammar is exactly RFC 8259.
///
/// ```swift
/// var scanner = JSONScanner()
/// try scanner.enterObject(in: bytes)
/// while let name = try scanner.nextMember(in: bytes) {
///   let value = try scanner.value(in: bytes)  // or enter it
/// }
/// try scanner.finish(in: bytes)
/// ```
///
/// A span cannot be stored, so each call gets it; it has to be the same one every time.
public struct JSONScanner: Sendable {
  /// How deep arrays and objects may nest; as deep as a bit per level fits a word.
  public static let maximumDepth = 64

  /// The next byte to read.
  public private(set) var position: Int
  private let start: Int
  private var depth = 0
  /// Set between an opening bracket and the first thing after it, where no comma may stand.
  private var justOpened = false
  /// All string bytes so far, ored together: says at the end whether UTF-8 has to be checked.
  private var seen = SIMD16<UInt8>(repeating: 0)

  public init(at position: Int = 0) {
    self.position = position
    start = position
  }

  // MARK: Walking

  /// The kind of the value that comes next; nothing is consumed but white space.
  public mutating func peek(in bytes: Span<UInt8>) throws(JSONError) -> JSONKind {
    switch try nextByte(in: bytes) {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"): return .true
    case UInt8(ascii: "f"): return .false
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw .unexpectedByte(at: position)
    }
  }

  /// Consumes `{`; `nextMember` then gives the members.
  public mutating func enterObject(in bytes: Span<UInt8>) throws(JSONError) {
    guard try nextByte(in: bytes) == UInt8(ascii: "{") else { throw .notAnObject }
    try open()
  }

  /// Consumes `[`; `nextElement` then says whether there is one more.
  public mutating func enterArray(in bytes: Span<UInt8>) throws(JSONError) {
    guard try nextByte(in: bytes) == UInt8(ascii: "[") else {
      throw .unexpectedByte(at: position)
    }
    try open()
  }

  /// The next member's name, or nil after the object's `}`. The caller then has to take its value.
  public mutating func nextMember(in bytes: Span<UInt8>) throws(JSONError) -> JSONString? {
    var byte = try nextByte(in: bytes)
    if byte == UInt8(ascii: "}") {
      close()
      return nil
    }
    if justOpened {
      justOpened = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw .unexpectedByte(at: position) }
      position &+= 1
      byte = try nextByte(in: bytes)
    }
    guard byte == UInt8(ascii: "\"") else { throw .unexpectedByte(at: position) }
    let name = try string(in: bytes)
    guard try nextByte(in: bytes) == UInt8(ascii: ":") else {
      throw .unexpectedByte(at: position)
    }
    position &+= 1
    return name
  }

  /// Whether the array has one more element, which the caller then has to take; false after its `]`.
  public mutating func nextElement(in bytes: Span<UInt8>) throws(JSONError) -> Bool {
    let byte = try nextByte(in: bytes)
    if byte == UInt8(ascii: "]") {
      close()
      return false
    }
    if justOpened {
      justOpened = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw .unexpectedByte(at: position) }
      position &+= 1
    }
    return true
  }

  /// Takes the next value whole, whatever it is.
  public mutating func value(in bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    // Most values are strings.
    if try nextByte(in: bytes) == UInt8(ascii: "\"") {
      let string = try string(in: bytes)
      return JSONValue(.string, string.range, hasEscapes: string.hasEscapes)
    }
    let kind = try peek(in: bytes)
    let first = position
    switch kind {
    case .object, .array: try skipContainer(in: bytes)
    default: try skipScalar(kind, in: bytes)
    }
    return JSONValue(kind, first..<position)
  }

  /// To be called after the outermost value: only white space may follow, and all was UTF-8.
  public mutating func finish(in bytes: Span<UInt8>) throws(JSONError) {
    skipWhiteSpace(in: bytes)
    guard position == bytes.count else { throw .unexpectedByte(at: position) }
    if seen.max() >= 0x80, !UTF8Text.isValid(bytes, start..<position) {
      throw .notUTF8
    }
  }

  // MARK: Containers

  private mutating func open() throws(JSONError) {
    guard depth < Self.maximumDepth else { throw .tooDeep }
    depth &+= 1
    position &+= 1
    justOpened = true
  }

  private mutating func close() {
    depth &-= 1
    position &+= 1
    justOpened = false
  }

  /// What may stand next inside a container that is being skipped.
  private enum Place { case firstName, name, firstElement, element, separator }

  /// Skips from `{` or `[` behind its closing bracket, in one loop whatever the depth.
  private mutating func skipContainer(in bytes: Span<UInt8>) throws(JSONError) {
    let outside = depth
    // One bit for each open container, the innermost lowest; set for objects.
    var objects: UInt64 = 0
    var place = Place.element
    repeat {
      let byte = try nextByte(in: bytes)
      switch (place, byte) {
      case (.firstName, UInt8(ascii: "}")), (.firstElement, UInt8(ascii: "]")):
        close()
        objects >>= 1
        place = .separator
      case (.separator, UInt8(ascii: ",")):
        position &+= 1
        place = objects & 1 == 1 ? .name : .element
      case (.separator, UInt8(ascii: "}")) where objects & 1 == 1,
        (.separator, UInt8(ascii: "]")) where objects & 1 == 0:
        close()
        objects >>= 1
      case (.firstName, UInt8(ascii: "\"")), (.name, UInt8(ascii: "\"")):
        _ = try string(in: bytes)
        guard try nextByte(in: bytes) == UInt8(ascii: ":") else {
          throw .unexpectedByte(at: position)
        }
        position &+= 1
        place = .element
      case (.element, _), (.firstElement, _):
        switch try peek(in: bytes) {
        case .object:
          try open()
          objects = objects << 1 | 1
          place = .firstName
        case .array:
          try open()
          objects <<= 1
          place = .firstElement
        case .string:
          _ = try string(in: bytes)
          place = .separator
        case let kind:
          try skipScalar(kind, in: bytes)
          place = .separator
        }
      default: throw .unexpectedByte(at: position)
      }
    } while depth > outside
  }

  // MARK: Scalars

  private mutating func skipScalar(_ kind: JSONKind, in bytes: Span<UInt8>) throws(JSONError) {
    switch kind {
    case .true: try skip("true", in: bytes)
    case .false: try skip("false", in: bytes)
    case .null: try skip("null", in: bytes)
    default: try skipNumber(in: bytes)
    }
  }

  private mutating func skip(_ word: StaticString, in bytes: Span<UInt8>) throws(JSONError) {
    let end = position &+ word.utf8CodeUnitCount
    guard end <= bytes.count else { throw .truncated }
    guard bytes.equals(word, at: position..<end) else { throw .unexpectedByte(at: position) }
    position = end
  }

  /// `-`? (`0` | `1`–`9` digits) (`.` digits)? (`e`|`E` sign? digits)?
  private mutating func skipNumber(in bytes: Span<UInt8>) throws(JSONError) {
    if bytes[position] == UInt8(ascii: "-") { position &+= 1 }
    if position < bytes.count, bytes[position] == UInt8(ascii: "0") {
      position &+= 1
    } else {
      try skipDigits(in: bytes)
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position &+= 1
      try skipDigits(in: bytes)
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position &+= 1
      if position < bytes.count,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position &+= 1
      }
      try skipDigits(in: bytes)
    }
  }

  private mutating func skipDigits(in bytes: Span<UInt8>) throws(JSONError) {
    let first = position
    while position < bytes.count, bytes[position].decimalDigit != nil { position &+= 1 }
    guard position > first else {
      throw position < bytes.count ? .unexpectedByte(at: position) : .truncated
    }
  }

  /// Takes a string whose opening quote is the next byte.
  private mutating func string(in bytes: Span<UInt8>) throws(JSONError) -> JSONString {
    let first = position &+ 1
    var at = first
    var hasEscapes = false
    while true {
      while at &+ 16 <= bytes.count {
        let block = bytes.block(at: at)
        seen = seen | block
        if let special = Self.special(in: block).firstSet {
          at &+= special
          break
        }
        at &+= 16
        if at &- first >= 128 { at = skipPlain(in: bytes, at: at) }
      }
      guard at < bytes.count else { throw .truncated }
      switch bytes[at] {
      case UInt8(ascii: "\""):
        position = at &+ 1
        return JSONString(range: first..<at, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        at = try Self.skipEscape(in: bytes, at: at)
      case 0..<0x20:
        throw .unexpectedByte(at: at)
      case let byte:
        seen[0] |= byte
        at &+= 1
      }
    }
  }

  /// The offset behind as many blocks of 64 bytes as have nothing but plain text in them: the data of a push
  /// is one long string.
  @inline(__always)
  private mutating func skipPlain(in bytes: Span<UInt8>, at start: Int) -> Int {
    var at = start
    while at &+ 64 <= bytes.count {
      // One check of the bounds for all four.
      let window = bytes.extracting(at..<(at &+ 64))
      let (a, b, c, d) = (
        window.block(at: 0), window.block(at: 16), window.block(at: 32), window.block(at: 48)
      )
      let special =
        Self.special(in: a) .| Self.special(in: b) .| Self.special(in: c) .| Self.special(in: d)
      guard special.firstSet == nil else { break }
      seen = seen | a | b | c | d
      at &+= 64
    }
    return at
  }

  /// The bytes that end a run of text: quotes, backslashes and control characters.
  @inline(__always)
  private static func special(in block: SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>> {
    let space = SIMD16<UInt8>(repeating: 0x20)
    return block.places(of: UInt8(ascii: "\"")) .| block.places(of: UInt8(ascii: "\\"))
      .| (block .< space)
  }

  /// The offset behind the escape at `at`.
  private static func skipEscape(
    in bytes: Span<UInt8>, at: Int
  ) throws(JSONError) -> Int {
    guard at &+ 1 < bytes.count else { throw .truncated }
    switch bytes[at &+ 1] {
    case UInt8(ascii: "u"):
      for digit in (at &+ 2)..<(at &+ 6) {
        guard digit < bytes.count else { throw .truncated }
        guard bytes[digit].hexDigit != nil else { throw .unexpectedByte(at: digit) }
      }
      return at &+ 6
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return at &+ 2
    default: throw .unexpectedByte(at: at &+ 1)
    }
  }

  // MARK: White space

  /// The next byte that is not white space, not consumed.
  @inline(__always)
  private mutating func nextByte(in bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
    // What Google sends has no white space, so the first look nearly always answers.
    if position < bytes.count, bytes[position] > 0x20 { return bytes[position] }
    skipWhiteSpace(in: bytes)
    guard position < bytes.count else { throw .truncated }
    return bytes[position]
  }

  private mutating func skipWhiteSpace(in bytes: Span<UInt8>) {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position &+= 1
      default: return
      }
    }
  }
}
