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
  /// The 64 bytes of strings that were looked at last start here; before, none were.
  private var window = -64
  /// Which of them are quotes, backslashes or control characters: a bit for each, the first in the lowest.
  private var special: UInt64 = 0
  /// Whether there was a number of more than 15 characters or with an exponent: of any other a double keeps all
  /// digits.
  public private(set) var sawWideNumber = false
  /// Whether all that was looked at is ASCII; else UTF-8 has to be checked at the end.
  private var isASCII = true

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
    // Google's JSON has no white space: `,"` stands between two members.
    if !justOpened, position &+ 1 < bytes.count, bytes[position] == UInt8(ascii: ","),
      bytes[position &+ 1] == UInt8(ascii: "\"")
    {
      position &+= 1
    } else if try !findName(in: bytes) {
      return nil
    }
    let name = try string(in: bytes)
    guard try nextByte(in: bytes) == UInt8(ascii: ":") else {
      throw .unexpectedByte(at: position)
    }
    position &+= 1
    return name
  }

  /// Moves to the next member's opening quote; false after the object's `}`.
  private mutating func findName(in bytes: Span<UInt8>) throws(JSONError) -> Bool {
    var byte = try nextByte(in: bytes)
    if byte == UInt8(ascii: "}") {
      close()
      return false
    }
    if justOpened {
      justOpened = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw .unexpectedByte(at: position) }
      position &+= 1
      byte = try nextByte(in: bytes)
    }
    guard byte == UInt8(ascii: "\"") else { throw .unexpectedByte(at: position) }
    return true
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

  /// Takes the next value whole, of any kind.
  public mutating func value(in bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    // Most values are strings.
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
      let string = try string(in: bytes)
      return JSONValue(.string, string.range, hasEscapes: string.hasEscapes)
    }
    let kind = try peek(in: bytes)
    let first = position
    switch kind {
    case .string:
      let string = try string(in: bytes)
      return JSONValue(.string, string.range, hasEscapes: string.hasEscapes)
    case .object, .array: try skipContainer(in: bytes)
    default: try skipScalar(kind, in: bytes)
    }
    return JSONValue(kind, first..<position)
  }

  /// To be called after the outermost value: only white space may follow, and all was UTF-8.
  public mutating func finish(in bytes: Span<UInt8>) throws(JSONError) {
    skipWhiteSpace(in: bytes)
    guard position == bytes.count else { throw .unexpectedByte(at: position) }
    if !isASCII, !UTF8Text.isValid(bytes, start..<position) {
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

  /// The tokens that may stand next inside a container that is being skipped.
  private enum Place { case firstName, name, firstElement, element, separator }

  /// Skips from `{` or `[` behind its closing bracket, in one loop at any depth.
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
    let first = position
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
      sawWideNumber = true
    }
    if position &- first > 15 { sawWideNumber = true }
  }

  private mutating func skipDigits(in bytes: Span<UInt8>) throws(JSONError) {
    let first = position
    while position < bytes.count, bytes[position].decimalDigit != nil { position &+= 1 }
    guard position > first else {
      throw position < bytes.count ? .unexpectedByte(at: position) : .truncated
    }
  }

  /// Takes a string whose opening quote is the next byte.
  @inline(__always)
  private mutating func string(in bytes: Span<UInt8>) throws(JSONError) -> JSONString {
    let first = position &+ 1
    let end = nextSpecial(from: first, in: bytes)
    guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
      return try specialString(from: first, special: end, in: bytes)
    }
    position = end &+ 1
    return JSONString(range: first..<end, hasEscapes: false)
  }

  /// A string that has something other than plain ASCII in it, at `special` first.
  private mutating func specialString(
    from first: Int, special: Int, in bytes: Span<UInt8>
  ) throws(JSONError) -> JSONString {
    var at = special
    var hasEscapes = false
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        position = at &+ 1
        return JSONString(range: first..<at, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        at = nextSpecial(from: try Self.skipEscape(in: bytes, at: at), in: bytes)
      case 0x80...:
        // From here on such bytes are nothing special any more.
        isASCII = false
        at = findSpecial(from: at, in: bytes)
      default: throw .unexpectedByte(at: at)
      }
    }
    throw .truncated
  }

  /// The next quote, backslash, control character, or first byte above 127 from `start` on, or the end of the
  /// bytes.
  @inline(__always)
  private mutating func nextSpecial(from start: Int, in bytes: Span<UInt8>) -> Int {
    let offset = start &- window
    guard offset < 64 else { return findSpecial(from: start, in: bytes) }
    let ahead = special &>> UInt64(truncatingIfNeeded: offset)
    guard ahead != 0 else { return findSpecial(from: window &+ 64, in: bytes) }
    return start &+ ahead.trailingZeroBitCount
  }

  /// Moves the window to `start`, and on until there is something special in it.
  private mutating func findSpecial(from start: Int, in bytes: Span<UInt8>) -> Int {
    window = bytes.skipJSONPlain(from: min(start, bytes.count), isASCII: isASCII, &special)
    if window &+ 64 > bytes.count {
      special = bytes.jsonSpecial64(at: window, isASCII: isASCII)
      if special == 0 { return bytes.count }
    }
    return window &+ special.trailingZeroBitCount
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
    // Google's JSON has no white space, so the first byte nearly always decides.
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
