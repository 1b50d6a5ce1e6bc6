// SPDX-License-Identifier: MIT

/// Character classes of RFC 9110 and scans that look at many bytes at once.
enum ByteClass {
  /// `tchar`: what a method or a field name may hold, as bits for 0–63 and 64–127.
  private static let token: (UInt64, UInt64) = (0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)

  /// What a host may hold (RFC 3986 §3.2): letters, digits, `-._~`, `!$&'()*+,;=`, `%`, `:`, `[` and `]`.
  private static let host: (UInt64, UInt64) = (0x2FFF_7FF2_0000_0000, 0x47FF_FFFE_AFFF_FFFE)

  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool { has(token, byte) }

  /// Whether `range`, which must be in bounds, can be a host and port.
  @inline(__always)
  static func isHost(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    // In bounds: checked above.
    for index in range where unsafe !has(host, bytes[unchecked: index]) { return false }
    return true
  }

  @inline(__always)
  private static func has(_ set: (UInt64, UInt64), _ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    return ((byte < 64 ? set.0 : set.1) >> UInt64(byte & 63)) & 1 == 1
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// The first offset from `start` on whose byte is below `limit`, at most 128, or DEL, or else `end`.
  @inline(__always)
  static func skip(_ bytes: Span<UInt8>, from start: Int, to end: Int, until limit: UInt8) -> Int {
    precondition(start >= 0 && end <= bytes.count)
    var index = start
    while index &+ 16 <= end,
      stops(word(bytes, index), limit) | stops(word(bytes, index &+ 8), limit) == 0
    {
      index &+= 16
    }
    while index &+ 8 <= end {
      let stops = stops(word(bytes, index), limit)
      if stops != 0 { return index &+ stops.trailingZeroBitCount &>> 3 }
      index &+= 8
    }
    while index < end {
      // In bounds: checked above.
      let byte = unsafe bytes[unchecked: index]
      if byte < limit || byte == 0x7F { break }
      index &+= 1
    }
    return index
  }

  /// The first offset from `start` on that holds no token character, or `end`.
  @inline(__always)
  static func skipToken(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    precondition(start >= 0 && end <= bytes.count)
    var index = start
    // Names are letters, digits and dashes; the few that are not go on one by one.
    while index &+ 8 <= end {
      let others = ~plain(word(bytes, index)) & highs
      index &+= others == 0 ? 8 : others.trailingZeroBitCount &>> 3
      if others != 0 { break }
    }
    // In bounds: checked above.
    while index < end, unsafe isToken(bytes[unchecked: index]) { index &+= 1 }
    return index
  }

  /// Eight bytes, the first in the lowest bits. They have to be in bounds.
  @inline(__always)
  private static func word(_ bytes: Span<UInt8>, _ index: Int) -> UInt64 {
    // Any eight bytes make a UInt64.
    unsafe UInt64(
      littleEndian: bytes.bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: index, as: UInt64.self))
  }

  /// The top bit of each byte that is below `limit` or DEL. Bits above the lowest one that is set may be
  /// wrong.
  @inline(__always)
  private static func stops(_ word: UInt64, _ limit: UInt8) -> UInt64 {
    let deletes = word ^ (ones &* 0x7F)
    return ((word &- ones &* UInt64(limit)) & ~word | (deletes &- ones) & ~deletes) & highs
  }

  /// The top bit of each byte that is a letter, a digit or a dash.
  @inline(__always)
  private static func plain(_ word: UInt64) -> UInt64 {
    let low = word & ~highs
    let letters = low | ones &* 0x20
    // Adding what is missing to 128 sets the top bit of each byte that is no less; nothing is carried.
    let isLetter = (letters &+ ones &* (0x80 - 0x61)) & ~(letters &+ ones &* (0x80 - 0x7B))
    let isDigit = (low &+ ones &* (0x80 - 0x30)) & ~(low &+ ones &* (0x80 - 0x3A))
    let isDash = ~((low ^ ones &* 0x2D) &+ ones &* 0x7F)
    return (isLetter | isDigit | isDash) & ~word
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
