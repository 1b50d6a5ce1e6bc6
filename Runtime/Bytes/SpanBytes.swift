// SPDX-License-Identifier: MIT

extension Span where Element == UInt8 {
  /// The eight bytes from `offset` on, the first in the lowest bits. Traps if fewer are left.
  @inlinable @inline(__always)
  public func word(at offset: Int) -> UInt64 {
    // `unsafe` only for reading bytes as another type, and any eight bytes are a valid integer;
    // the bounds are checked by `RawSpan`.
    unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The four bytes from `offset` on, the first in the lowest bits. Traps if fewer are left.
  @inlinable @inline(__always)
  public func half(at offset: Int) -> UInt32 {
    // As for `word`.
    unsafe UInt32(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// The sixteen bytes from `offset` on. Traps if fewer are left.
  @inlinable @inline(__always)
  func block(at offset: Int) -> SIMD16<UInt8> {
    // As for `word`.
    unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
  }

  /// The offset of the first `byte` in `range`, or the end of the range.
  public func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int {
    var at = range.lowerBound
    while at < range.upperBound {
      let places = places64(of: byte, at: at)
      // Bytes beyond the range do not count.
      if places != 0 { return min(at &+ places.trailingZeroBitCount, range.upperBound) }
      at &+= 64
    }
    return range.upperBound
  }

  /// The offset of the first `byte` or `other` in `range`, or the end of the range.
  @inline(__always)
  func firstIndex(of byte: UInt8, or other: UInt8, in range: Range<Int>) -> Int {
    var at = range.lowerBound
    // A block may reach beyond the range; matches there do not count.
    while at < range.upperBound, at &+ 16 <= count {
      let block = block(at: at)
      if let place = (block.places(of: byte) .| block.places(of: other)).firstSet {
        return min(at &+ place, range.upperBound)
      }
      at &+= 16
    }
    while at < range.upperBound, self[at] != byte, self[at] != other { at &+= 1 }
    return min(at, range.upperBound)
  }

  /// Whether the bytes in `range` are those of `text`. A range out of bounds traps.
  @inlinable @inline(__always)
  public func equals(_ text: StaticString, at range: Range<Int>) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count {
      // In bounds: a static string knows its own length.
      guard unsafe self[range.lowerBound &+ offset] == text.utf8Start[offset] else { return false }
    }
    return true
  }

  /// Whether the bytes in `range` are those of `other`. A range out of bounds traps.
  @inlinable
  public func equals(_ other: Span<UInt8>, at range: Range<Int>) -> Bool {
    guard range.count == other.count else { return false }
    var offset = 0
    while offset &+ 8 <= other.count {
      if word(at: range.lowerBound &+ offset) != other.word(at: offset) { return false }
      offset &+= 8
    }
    while offset < other.count {
      if self[range.lowerBound &+ offset] != other[offset] { return false }
      offset &+= 1
    }
    return true
  }

  /// Whether all the bytes are those of `text`.
  @inlinable @inline(__always)
  public func equals(_ text: StaticString) -> Bool { equals(text, at: 0..<count) }

  /// Whether all the bytes are those of `other`.
  @inlinable
  public func equals(_ other: Span<UInt8>) -> Bool { equals(other, at: 0..<count) }

  /// The text of the bytes in `range`; bytes that are not UTF-8 become U+FFFD.
  public func string(_ range: Range<Int>) -> String {
    unsafe extracting(range).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }

  /// The text of all the bytes; bytes that are not UTF-8 become U+FFFD.
  public var string: String { string(0..<count) }
}

extension SIMDMask<SIMD16<Int8>> {
  /// The place of the first true lane.
  @inlinable @inline(__always)
  var firstSet: Int? {
    // Two words are cheaper to look at than sixteen lanes; true is all bits set.
    let lanes = unsafe unsafeBitCast(self, to: SIMD2<UInt64>.self)
    if lanes[0] | lanes[1] == 0 { return nil }
    return lanes[0] != 0
      ? lanes[0].trailingZeroBitCount &>> 3 : 8 &+ lanes[1].trailingZeroBitCount &>> 3
  }
}

extension SIMD16<UInt8> {
  /// The same bytes as signed ones, of which a comparison is one instruction; those above 127 are negative.
  @inline(__always)
  var signed: SIMD16<Int8> { unsafe unsafeBitCast(self, to: SIMD16<Int8>.self) }

  /// Where `byte` is.
  ///
  /// With all types written out: left to be inferred, they may lead to a comparison lane by lane.
  @inlinable @inline(__always)
  func places(of byte: UInt8) -> SIMDMask<SIMD16<Int8>> {
    let wanted = SIMD16<UInt8>(repeating: byte)
    return self .== wanted
  }
}

extension StaticString {
  /// Lends the text's UTF-8 bytes.
  @inline(__always)
  public func withSpan<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    // In bounds: a static string knows its own length.
    let span = unsafe UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount).span
    return try body(span)
  }
}

extension UInt8 {
  /// 0 to 9 for the digits `0`–`9`, else nil.
  @inlinable @inline(__always)
  public var decimalDigit: Int? {
    let value = self &- UInt8(ascii: "0")
    return value < 10 ? Int(value) : nil
  }

  /// Whether it is an ASCII letter.
  @inlinable @inline(__always)
  public var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

  /// Whether it is an ASCII letter, a digit or `_`, which names of columns and tables are made of.
  @inlinable @inline(__always)
  public var isNameByte: Bool { isLetter || self &- 0x30 < 10 || self == UInt8(ascii: "_") }

  /// Whether it is a letter, a digit, `+`, `-` or `.`, which schemes of URIs are made of (RFC 3986 §3.1).
  @inlinable @inline(__always)
  public var isSchemeByte: Bool {
    isLetter || self &- 0x30 < 10 || self == UInt8(ascii: "+") || self == UInt8(ascii: "-")
      || self == UInt8(ascii: ".")
  }

  /// 0 to 15 for `0`–`9`, `A`–`F` and `a`–`f`, else nil.
  @inlinable @inline(__always)
  public var hexDigit: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self &- UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self &- UInt8(ascii: "A") &+ 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self &- UInt8(ascii: "a") &+ 10
    default: nil
    }
  }
}
