// SPDX-License-Identifier: MIT

extension JSON {
  /// Why a text is not JSON, and where.
  public struct Malformed: Error, Equatable {
    public let offset: Int
    public let problem: String
  }

  /// Parses one JSON text (RFC 8259): UTF-8 only, at most `depth` arrays and objects deep.
  public static func parse(_ bytes: some Sequence<UInt8>, depth: Int = 100) throws(Malformed)
    -> JSON
  {
    var parser = JSONParser(bytes: Array(bytes), depth: depth)
    return try parser.document()
  }
}

/// Recursive descent over the bytes; the depth bound keeps the stack small.
private struct JSONParser {
  let bytes: [UInt8]
  let depth: Int
  var position = 0

  mutating func document() throws(JSON.Malformed) -> JSON {
    let value = try value(depth)
    skipSpace()
    if position < bytes.count { throw malformed("text after the value") }
    return value
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func malformed(_ problem: String) -> JSON.Malformed {
    JSON.Malformed(offset: position, problem: problem)
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(_ depth: Int) throws(JSON.Malformed) -> JSON {
    skipSpace()
    guard let byte = next else { throw malformed("a value is missing") }
    switch byte {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw malformed("a value is missing")
    }
  }

  private mutating func word(_ word: String, _ value: JSON) throws(JSON.Malformed) -> JSON {
    for byte in word.utf8 where !take(byte) { throw malformed("not a JSON word") }
    return value
  }

  private mutating func object(_ depth: Int) throws(JSON.Malformed) -> JSON {
    if depth == 0 { throw malformed("nested too deep") }
    position += 1
    var members = JSON.Members()
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw malformed("a name is missing") }
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw malformed("a colon is missing") }
      members.append(name, try value(depth - 1))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw malformed("an object does not end") }
    return .object(members)
  }

  private mutating func array(_ depth: Int) throws(JSON.Malformed) -> JSON {
    if depth == 0 { throw malformed("nested too deep") }
    position += 1
    var items: [JSON] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .array(items) }
    repeat {
      items.append(try value(depth - 1))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw malformed("an array does not end") }
    return .array(items)
  }

  private mutating func number() throws(JSON.Malformed) -> JSON {
    let start = position
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    return .number(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private mutating func digits() throws(JSON.Malformed) {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    if position == start { throw malformed("a digit is missing") }
  }

  private mutating func string() throws(JSON.Malformed) -> String {
    position += 1
    var out: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: out, as: UTF8.self) else {
          throw malformed("not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &out)
      case 0..<0x20: throw malformed("a control character in a string")
      default: out.append(byte)
      }
    }
    throw malformed("a string does not end")
  }

  private mutating func escape(into out: inout [UInt8]) throws(JSON.Malformed) {
    guard let byte = next else { throw malformed("an escape does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"): out.append(contentsOf: String(try escapedScalar()).utf8)
    default: throw malformed("an unknown escape")
    }
  }

  /// The scalar behind `\u`, with its second half if it is a surrogate pair; a half that stands
  /// alone becomes U+FFFD.
  private mutating func escapedScalar() throws(JSON.Malformed) -> Unicode.Scalar {
    let first = try hex4()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let afterFirst = position
    if first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      let second = try hex4()
      if (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
      {
        return scalar
      }
    }
    position = afterFirst
    return "\u{FFFD}"
  }

  private mutating func hex4() throws(JSON.Malformed) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw malformed("a hex digit is missing")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
