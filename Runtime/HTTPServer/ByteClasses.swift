// SPDX-License-Identifier: MIT
import CSystem

/// Character classes of RFC 9110 and scans that look at sixteen bytes at once.
enum ByteClass {
  /// `tchar`: the characters of a method or a field name, as bits for 0–63 and 64–127.
  private static let token: (UInt64, UInt64) = (0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)

  /// The characters of a host (RFC 3986 §3.2): letters, digits, `-._~`, `!$&'()*+,;=`, `%`, `:`, `[` and `]`.
  private static let host: (UInt64, UInt64) = (0x2FFF_7FF2_0000_0000, 0x47FF_FFFE_AFFF_FFFE)

  @inline(__always)
  private static func has(_ set: (UInt64, UInt64), _ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    return ((byte < 64 ? set.0 : set.1) >> UInt64(byte & 63)) & 1 == 1
  }

  /// The first offset from `start` on whose byte is below `limit` or DEL, or else the end.
  @inline(__always)
  static func skip(_ bytes: Span<UInt8>, from start: Int, until limit: UInt8) -> Int {
    skip(
      bytes, from: start, blocks: { pixel_stops($0, limit) },
      bytes: { $0 >= limit && $0 != 0x7F })
  }

  /// The first offset from `start` on whose byte is `one` or `other`, or else the end.
  @inline(__always)
  static func find(
    _ one: UInt8, or other: UInt8, in bytes: Span<UInt8>, from start: Int
  ) -> Int {
    skip(
      bytes, from: start, blocks: { pixel_either($0, one, other) },
      bytes: { $0 != one && $0 != other })
  }

  /// The first offset from `start` on that holds no token character, or the end.
  @inline(__always)
  static func skipToken(_ bytes: Span<UInt8>, from start: Int) -> Int {
    skip(bytes, from: start, in: token) { pixel_not_letter_or_dash($0) }
  }

  /// Whether `range` can be a host and port. The byte behind it must not be one of their characters.
  @inline(__always)
  static func isHost(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    skip(bytes, from: range.lowerBound, in: host) { pixel_not_name($0) } == range.upperBound
  }

  /// Skips the bytes in `set`; `others` marks the bytes of a block that are outside a common part of it.
  @inline(__always)
  private static func skip(
    _ bytes: Span<UInt8>, from start: Int, in set: (UInt64, UInt64),
    others: (SIMD16<UInt8>) -> UInt32
  ) -> Int {
    var index = start
    while true {
      index = skip(bytes, from: index, blocks: others, bytes: { has(set, $0) })
      guard let byte = bytes.byteIfAny(at: index), has(set, byte) else { return index }
      index &+= 1
    }
  }

  /// Goes on by sixteen bytes until one of them is marked, and by single ones that are `inside` when fewer
  /// than sixteen are left.
  @inline(__always)
  private static func skip(
    _ bytes: Span<UInt8>, from start: Int, blocks marks: (SIMD16<UInt8>) -> UInt32,
    bytes inside: (UInt8) -> Bool
  ) -> Int {
    precondition(start >= 0)
    var index = start
    while index <= bytes.count &- 16 {
      // In bounds: checked above, and `index` only grows. Any sixteen bytes make a block.
      let block = unsafe bytes.bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: index, as: SIMD16<UInt8>.self)
      let marked = marks(block)
      if marked != 0 { return index &+ marked.trailingZeroBitCount }
      index &+= 16
    }
    while let byte = bytes.byteIfAny(at: index), inside(byte) { index &+= 1 }
    return index
  }

  /// Whether `range` of `bytes` is `lowercase`, which must be lower-case; the case in `bytes` does not
  /// matter.
  @inline(__always)
  static func equals(
    _ bytes: Span<UInt8>, _ range: Range<Int>, lowercase: StaticString
  ) -> Bool {
    guard range.count == lowercase.utf8CodeUnitCount else { return false }
    // In bounds: the counts are equal.
    let text = unsafe UnsafeBufferPointer(start: lowercase.utf8Start, count: range.count)
    for offset in 0..<range.count {
      let byte = bytes[range.lowerBound &+ offset]
      let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
      if unsafe lower != text[offset] { return false }
    }
    return true
  }
}
