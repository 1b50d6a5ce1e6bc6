// SPDX-License-Identifier: MIT
import CSystem

/// Character classes of RFC 9110 and scans that look at sixteen bytes at once.
enum ByteClass {
  /// `tchar`: what a method or a field name may hold, as bits for 0–63 and 64–127.
  private static let token: (UInt64, UInt64) = (0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)

  /// What a host may hold (RFC 3986 §3.2): letters, digits, `-._~`, `!$&'()*+,;=`, `%`, `:`, `[` and `]`.
  private static let host: (UInt64, UInt64) = (0x2FFF_7FF2_0000_0000, 0x47FF_FFFE_AFFF_FFFE)

  @inline(__always)
  private static func has(_ set: (UInt64, UInt64), _ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    return ((byte < 64 ? set.0 : set.1) >> UInt64(byte & 63)) & 1 == 1
  }

  /// The first offset from `start` on whose byte is below `limit` or DEL, or else `end`.
  @inline(__always)
  static func skip(_ bytes: Span<UInt8>, from start: Int, to end: Int, until limit: UInt8) -> Int {
    var index = skipBlocks(bytes, from: start, to: end) { pixel_first_stop($0, limit) }
    while index < end {
      // In bounds: `skipBlocks` has checked `start` and `end`.
      let byte = unsafe bytes[unchecked: index]
      if byte < limit || byte == 0x7F { break }
      index &+= 1
    }
    return index
  }

  /// The first offset from `start` on that holds no token character, or `end`.
  @inline(__always)
  static func skipToken(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    skip(bytes, from: start, to: end, in: token)
  }

  /// Whether `range`, which must be in bounds, can be a host and port.
  @inline(__always)
  static func isHost(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    skip(bytes, from: range.lowerBound, to: range.upperBound, in: host) == range.upperBound
  }

  /// Letters, digits, `-` and `.` are in both sets, and most names and hosts are made of nothing else.
  @inline(__always)
  private static func skip(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, in set: (UInt64, UInt64)
  ) -> Int {
    var index = skipBlocks(bytes, from: start, to: end) { pixel_first_special($0) }
    // In bounds: `skipBlocks` has checked `start` and `end`.
    while index < end, unsafe has(set, bytes[unchecked: index]) { index &+= 1 }
    return index
  }

  /// Goes on by sixteen bytes until `first` finds one, or until fewer than sixteen are left.
  @inline(__always)
  private static func skipBlocks(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, until first: (SIMD16<UInt8>) -> Int32
  ) -> Int {
    precondition(start >= 0 && end <= bytes.count)
    var index = start
    while index &+ 16 <= end {
      // In bounds: checked above. Any sixteen bytes make a block.
      let block = unsafe bytes.bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: index, as: SIMD16<UInt8>.self)
      let place = Int(first(block))
      index &+= place
      if place < 16 { break }
    }
    return index
  }

  /// Whether `range` of `bytes` is `lowercase`, which must be lower-case, whatever the case in `bytes`.
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
