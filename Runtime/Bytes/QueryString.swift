// SPDX-License-Identifier: MIT
import CBytes

/// One name and value of a query string, still encoded.
public struct QueryParameter: Equatable, Sendable {
  public let name: Range<Int>
  /// Empty if there was no `=`.
  public let value: Range<Int>
  /// Whether the bytes differ from their text: they contain `%`, `+`, or are not ASCII.
  public let nameIsEncoded: Bool
  public let valueIsEncoded: Bool
}

extension QueryParameter {
  /// The parameter that was meant where an ampersand was escaped once too often, as mail templates and
  /// content systems do: `type=t&amp;user_id=u` has `amp;user_id`, which means `user_id`. Nil if the name
  /// does not begin so, or nothing stands behind.
  public func withoutEscapedAmpersand(in bytes: Span<UInt8>) -> QueryParameter? {
    var start = name.lowerBound
    while let next = Self.escape(at: start, end: name.upperBound, in: bytes) { start = next }
    guard start > name.lowerBound, start < name.upperBound else { return nil }
    return QueryParameter(
      name: start..<name.upperBound, value: value, nameIsEncoded: nameIsEncoded,
      valueIsEncoded: valueIsEncoded)
  }

  /// The end of the `amp;` at `at`, whose semicolon may be encoded; nil if no `amp;` is there.
  @inline(__always)
  private static func escape(at: Int, end: Int, in bytes: Span<UInt8>) -> Int? {
    guard end &- at >= 4, bytes[at] | 0x20 == UInt8(ascii: "a") else { return nil }
    guard bytes[at &+ 1] | 0x20 == UInt8(ascii: "m"), bytes[at &+ 2] | 0x20 == UInt8(ascii: "p")
    else { return nil }
    if bytes[at &+ 3] == UInt8(ascii: ";") { return at &+ 4 }
    guard end &- at >= 6, bytes[at &+ 3] == UInt8(ascii: "%"),
      bytes[at &+ 4] == UInt8(ascii: "3"), bytes[at &+ 5] | 0x20 == UInt8(ascii: "b")
    else { return nil }
    return at &+ 6
  }
}

/// Walks over `application/x-www-form-urlencoded` parameters as the WHATWG URL standard §5.1 splits
/// them: at each `&`, empty pieces left out, name and value parted at the first `=`.
///
/// Nothing is decoded and nothing allocated; `ByteWriter.append(formDecoding:)` decodes the parts that a
/// caller needs.
public struct QueryString: Sendable {
  private var position: Int
  private let end: Int
  /// The 64 bytes that were looked at last start here; before, none were.
  private var window = -64
  private var marks = bytes_query_marks()

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
    let nameIsEncoded = skip(in: bytes) { $0.ampersands | $0.equals }
    let name = first..<position
    guard position < end, bytes[position] == UInt8(ascii: "=") else {
      return QueryParameter(
        name: name, value: position..<position, nameIsEncoded: nameIsEncoded,
        valueIsEncoded: false)
    }
    position &+= 1
    let start = position
    let valueIsEncoded = skip(in: bytes) { $0.ampersands }
    return QueryParameter(
      name: name, value: start..<position, nameIsEncoded: nameIsEncoded,
      valueIsEncoded: valueIsEncoded)
  }

  /// Moves to the next of those `stops`, or to the end; says whether something on the way needs decoding.
  @inline(__always)
  private mutating func skip(in bytes: Span<UInt8>, to stops: (bytes_query_marks) -> UInt64) -> Bool
  {
    var isEncoded = false
    while position < end {
      if position >= window &+ 64 { look(in: bytes) }
      let passed = UInt64(truncatingIfNeeded: position &- window)
      let (ahead, encoded) = (stops(marks) &>> passed, marks.encoded &>> passed)
      if ahead != 0 {
        position &+= ahead.trailingZeroBitCount
        // The bits below the first stop.
        return isEncoded || encoded & (ahead &- 1) & ~ahead != 0
      }
      isEncoded = isEncoded || encoded != 0
      position = window &+ 64
    }
    position = end
    return isEncoded
  }

  /// Moves the window to `position`.
  private mutating func look(in bytes: Span<UInt8>) {
    window = position
    marks = bytes.queryMarks64(at: window)
    // Behind the end nothing counts, and the end itself is a stop.
    let rest = end &- window
    guard rest < 64 else { return }
    let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: rest)
    marks.ampersands = marks.ampersands & (bit &- 1) | bit
    marks.equals &= bit &- 1
    marks.encoded &= bit &- 1
  }
}
