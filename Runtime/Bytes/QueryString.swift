// SPDX-License-Identifier: MIT

/// One name and value of a query string, still encoded.
public struct QueryParameter: Equatable, Sendable {
  public let name: Range<Int>
  /// Empty if there was no `=`.
  public let value: Range<Int>
  /// Whether the bytes differ from their text: they contain `%`, `+`, or are not ASCII.
  public let nameIsEncoded: Bool
  public let valueIsEncoded: Bool
}

/// Walks over `application/x-www-form-urlencoded` parameters as the WHATWG URL standard §5.1 splits
/// them: at each `&`, empty pieces left out, name and value parted at the first `=`.
///
/// Nothing is decoded and nothing allocated; `ByteWriter.append(formDecoding:)` decodes what is wanted.
public struct QueryString: Sendable {
  private var position: Int
  private let end: Int

  /// The query in `range`, without the leading `?`.
  public init(_ range: Range<Int>) {
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next parameter, or nil at the end.
  public mutating func next(in bytes: Span<UInt8>) -> QueryParameter? {
    while position < end, bytes[position] == UInt8(ascii: "&") { position &+= 1 }
    guard position < end else { return nil }
    let first = position
    let nameIsEncoded = skip(to: UInt8(ascii: "="), in: bytes)
    let name = first..<position
    guard position < end, bytes[position] == UInt8(ascii: "=") else {
      return QueryParameter(
        name: name, value: position..<position, nameIsEncoded: nameIsEncoded,
        valueIsEncoded: false)
    }
    position &+= 1
    let start = position
    let valueIsEncoded = skip(to: UInt8(ascii: "&"), in: bytes)
    return QueryParameter(
      name: name, value: start..<position, nameIsEncoded: nameIsEncoded,
      valueIsEncoded: valueIsEncoded)
  }

  /// Moves to the next `stop` or `&`; says whether something on the way needs decoding.
  @inline(__always)
  private mutating func skip(to stop: UInt8, in bytes: Span<UInt8>) -> Bool {
    var encoded = false
    var at = position
    // Whole blocks may reach beyond the query, what they find there does not count.
    while at < end, at &+ 16 <= bytes.count {
      let block = bytes.block(at: at)
      let stops = block.places(of: stop) .| block.places(of: UInt8(ascii: "&"))
      let place = min(stops.firstSet ?? 16, end &- at)
      if !encoded, let code = block.needsDecoding.firstSet, code < place { encoded = true }
      at &+= place
      guard place == 16 else {
        position = at
        return encoded
      }
    }
    while at < end {
      let byte = bytes[at]
      if byte == stop || byte == UInt8(ascii: "&") { break }
      if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+") || byte >= 0x80 { encoded = true }
      at &+= 1
    }
    position = at
    return encoded
  }
}

extension SIMD16<UInt8> {
  /// The bytes that are not their own text: `%`, `+`, and what is not ASCII.
  @inline(__always)
  fileprivate var needsDecoding: SIMDMask<SIMD16<Int8>> {
    let zero = SIMD16<Int8>(repeating: 0)
    return places(of: UInt8(ascii: "%")) .| places(of: UInt8(ascii: "+")) .| (signed .< zero)
  }
}
