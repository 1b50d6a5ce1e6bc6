// SPDX-License-Identifier: MIT

/// Where a header field's name and value lie in the buffer that holds the request.
public struct HeaderField: Sendable {
  public var name: Range<Int>
  public var value: Range<Int>

  @inlinable @inline(__always)
  public init(name: Range<Int>, value: Range<Int>) {
    self.name = name
    self.value = value
  }

  /// Whether it is called `lowercase`, which must be in lower case; names have no case in HTTP.
  @inlinable
  public func isNamed(_ lowercase: StaticString, in bytes: Span<UInt8>) -> Bool {
    name.count == lowercase.utf8CodeUnitCount && isNamed(beginningWith: lowercase, in: bytes)
  }

  /// Whether its name begins with `lowercase`, which must be in lower case.
  @inlinable
  public func isNamed(beginningWith lowercase: StaticString, in bytes: Span<UInt8>) -> Bool {
    bytes.equalsIgnoringCase(lowercase, prefixOf: name)
  }
}

extension Span where Element == UInt8 {
  /// Whether the bytes in `range` begin with `lowercase`, a text in lower case, ASCII letters in
  /// either case. A range out of bounds traps.
  @inlinable
  public func equalsIgnoringCase(_ lowercase: StaticString, prefixOf range: Range<Int>) -> Bool {
    guard range.count >= lowercase.utf8CodeUnitCount else { return false }
    for offset in 0..<lowercase.utf8CodeUnitCount {
      let byte = self[range.lowerBound &+ offset]
      let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
      // In bounds: a static string knows its own length.
      guard unsafe lower == lowercase.utf8Start[offset] else { return false }
    }
    return true
  }
}
