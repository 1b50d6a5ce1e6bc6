// SPDX-License-Identifier: MIT

/// Looks at bytes as UTF-8 (Unicode Standard, table 3-7: well-formed byte sequences).
public enum UTF8Text {
  /// One step over text: how many bytes, and whether they are a character. If not, they are the
  /// longest start of one, which decoding replaces by a single U+FFFD (the WHATWG practice).
  public struct Step {
    public let length: Int
    public let isValid: Bool
  }

  /// Whether the bytes in `range` are well-formed UTF-8.
  public static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    var at = range.lowerBound
    while at < range.upperBound {
      if at &+ 8 <= range.upperBound, bytes.word(at: at) & 0x8080_8080_8080_8080 == 0 {
        at &+= 8
      } else if bytes[at] < 0x80 {
        at &+= 1
      } else {
        let step = step(bytes, at: at, end: range.upperBound)
        guard step.isValid else { return false }
        at &+= step.length
      }
    }
    return true
  }

  /// The step at `at`, which has to lie before `end`.
  @inline(__always)
  public static func step(_ bytes: Span<UInt8>, at: Int, end: Int) -> Step {
    let lead = bytes[at]
    let length: Int
    // The second byte alone tells overlong forms, surrogates and numbers past U+10FFFF.
    let second: ClosedRange<UInt8>
    switch lead {
    case 0..<0x80: return Step(length: 1, isValid: true)
    case 0xc2...0xdf: (length, second) = (2, 0x80...0xbf)
    case 0xe0: (length, second) = (3, 0xa0...0xbf)
    case 0xed: (length, second) = (3, 0x80...0x9f)
    case 0xe1...0xef: (length, second) = (3, 0x80...0xbf)
    case 0xf0: (length, second) = (4, 0x90...0xbf)
    case 0xf1...0xf3: (length, second) = (4, 0x80...0xbf)
    case 0xf4: (length, second) = (4, 0x80...0x8f)
    default: return Step(length: 1, isValid: false)
    }
    guard at &+ 1 < end, second.contains(bytes[at &+ 1]) else {
      return Step(length: 1, isValid: false)
    }
    var taken = 2
    while taken < length {
      guard at &+ taken < end, bytes[at &+ taken] & 0xc0 == 0x80 else {
        return Step(length: taken, isValid: false)
      }
      taken &+= 1
    }
    return Step(length: length, isValid: true)
  }

  /// How many characters (Unicode scalar values) the bytes make; each ill-formed part counts as the one
  /// U+FFFD that replaces it.
  public static func characters(_ bytes: Span<UInt8>) -> Int {
    var count = 0
    var at = 0
    while at < bytes.count {
      at &+= bytes[at] < 0x80 ? 1 : step(bytes, at: at, end: bytes.count).length
      count &+= 1
    }
    return count
  }

  /// How many of the first `limit` bytes can be kept without cutting a character.
  public static func cut(_ bytes: Span<UInt8>, to limit: Int) -> Int {
    guard bytes.count > limit else { return bytes.count }
    var end = max(limit, 0)
    // At most three continuation bytes follow a lead byte.
    for _ in 0..<3 where end > 0 && bytes[end] & 0xc0 == 0x80 { end -= 1 }
    return end
  }
}

extension ByteWriter {
  /// Appends a Unicode scalar value as UTF-8; another number (a surrogate) becomes U+FFFD.
  public mutating func append(scalar value: UInt32) {
    bytes.append(addingCapacity: 4) { $0.append(scalar: value) }
  }

  /// Appends bytes as UTF-8, each longest ill-formed part replaced by U+FFFD.
  public mutating func append(repairing bytes: Span<UInt8>, _ range: Range<Int>) {
    var at = range.lowerBound
    var kept = at
    while at < range.upperBound {
      if at &+ 8 <= range.upperBound, bytes.word(at: at) & 0x8080_8080_8080_8080 == 0 {
        at &+= 8
        continue
      }
      let step = UTF8Text.step(bytes, at: at, end: range.upperBound)
      if !step.isValid {
        append(bytes, kept..<at)
        append("\u{fffd}" as StaticString)
        kept = at &+ step.length
      }
      at &+= step.length
    }
    append(bytes, kept..<range.upperBound)
  }
}

extension OutputSpan<UInt8> {
  /// As `ByteWriter.append(scalar:)`; there has to be room for four bytes.
  mutating func append(scalar value: UInt32) {
    switch value {
    case 0..<0x80: append(UInt8(truncatingIfNeeded: value))
    case 0x80..<0x800:
      append(UInt8(truncatingIfNeeded: 0xc0 | value >> 6))
      append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3f))
    case 0x800..<0xd800, 0xe000..<0x10000:
      append(UInt8(truncatingIfNeeded: 0xe0 | value >> 12))
      append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3f))
      append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3f))
    case 0x10000...0x10ffff:
      append(UInt8(truncatingIfNeeded: 0xf0 | value >> 18))
      append(UInt8(truncatingIfNeeded: 0x80 | value >> 12 & 0x3f))
      append(UInt8(truncatingIfNeeded: 0x80 | value >> 6 & 0x3f))
      append(UInt8(truncatingIfNeeded: 0x80 | value & 0x3f))
    default:
      append(0xef)
      append(0xbf)
      append(0xbd)
    }
  }
}
