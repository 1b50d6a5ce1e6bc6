// SPDX-License-Identifier: MIT

/// Character classes of RFC 9110 and scans that look at eight bytes at once.
enum ByteClass {
  /// `tchar`: what a method or a field name may hold, as bits for 0–63 and 64–127.
  private static let token: (UInt64, UInt64) = (0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)

  /// What a host may hold (RFC 3986 §3.2): letters, digits, `-._~`, `!$&'()*+,;=`, `%`, `:`, `[` and `]`.
  private static let host: (UInt64, UInt64) = (0x2FFF_7FF2_0000_0000, 0x47FF_FFFE_AFFF_FFFE)

  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool { has(token, byte) }

  @inline(__always)
  static func isHost(_ byte: UInt8) -> Bool { has(host, byte) }

  @inline(__always)
  private static func has(_ set: (UInt64, UInt64), _ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    return ((byte < 64 ? set.0 : set.1) >> UInt64(byte & 63)) & 1 == 1
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// Whether any of eight bytes is below `limit` (at most 128) or DEL. May also say yes for a byte just
  /// above one that is, which costs a look at each byte and no more.
  @inline(__always)
  private static func hasBelow(_ limit: UInt64, _ word: UInt64) -> Bool {
    let below = (word &- ones &* limit) & ~word & highs
    let delete = word ^ (ones &* 0x7F)
    return below | ((delete &- ones) & ~delete & highs) != 0
  }

  /// The first offset from `start` on whose byte is below `limit` or DEL, or `end`.
  @inline(__always)
  static func skip(_ bytes: Span<UInt8>, from start: Int, to end: Int, until limit: UInt8) -> Int {
    var index = start
    let raw = unsafe bytes.bytes
    while index &+ 8 <= end {
      // Any eight bytes make a UInt64; the load itself is bounds-checked.
      let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      if hasBelow(UInt64(limit), word) { break }
      index &+= 8
    }
    while index < end {
      let byte = bytes[index]
      if byte < limit || byte == 0x7F { break }
      index &+= 1
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
