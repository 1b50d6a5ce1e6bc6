// SPDX-License-Identifier: MIT

/// Several bytes at once into room that was reserved before, which `OutputSpan` cannot do itself. What
/// does not fit traps.
extension OutputSpan<UInt8> {
  @inline(__always)
  mutating func append(_ source: Span<UInt8>) {
    precondition(source.count <= freeCapacity)
    unsafe withUnsafeMutableBufferPointer { room, used in
      unsafe source.withUnsafeBufferPointer { source in
        // In bounds: checked above.
        if let to = room.baseAddress, let from = source.baseAddress {
          unsafe (to + used).update(from: from, count: source.count)
        }
      }
      used &+= source.count
    }
  }

  /// Appends the bytes of `source` in `range`; traps if it is out of bounds.
  @inline(__always)
  mutating func append(_ source: Span<UInt8>, _ range: Range<Int>) {
    append(source.extracting(range))
  }

  /// Appends the eight bytes of a word, the lowest first.
  @inline(__always)
  mutating func append(word: UInt64) {
    precondition(freeCapacity >= 8)
    unsafe withUnsafeMutableBufferPointer { room, used in
      // In bounds: checked above.
      unsafe UnsafeMutableRawBufferPointer(room).storeBytes(
        of: word.littleEndian, toByteOffset: used, as: UInt64.self)
      used &+= 8
    }
  }

  /// Appends two decimal digits of a number below 100.
  @inlinable @inline(__always)
  public mutating func append(twoDigits value: Int) {
    let number = UInt8(truncatingIfNeeded: value)
    append(UInt8(ascii: "0") &+ number / 10)
    append(UInt8(ascii: "0") &+ number % 10)
  }
}
