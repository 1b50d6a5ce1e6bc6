// SPDX-License-Identifier: MIT

/// Several bytes at once into room that was reserved before, which `OutputSpan` cannot do itself. Bytes that
/// do not fit trap.
extension OutputSpan<UInt8> {
  @inline(__always)
  mutating func append(_ source: Span<UInt8>) {
    precondition(source.count <= freeCapacity)
    unsafe withUnsafeMutableBufferPointer { room, used in
      unsafe source.withUnsafeBytes { source in
        // In bounds: checked above.
        if let to = room.baseAddress, let from = source.baseAddress {
          unsafe copy(from, source.count, to: UnsafeMutableRawPointer(to + used))
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

/// Copies `count` bytes. Most texts are short: a word from each end is cheaper than a call.
@inline(__always)
private func copy(_ from: UnsafeRawPointer, _ count: Int, to: UnsafeMutableRawPointer) {
  if count > 32 {
    unsafe to.copyMemory(from: from, byteCount: count)
  } else if count >= 16 {
    unsafe copyEnds(SIMD16<UInt8>.self, from, count, to)
  } else if count >= 8 {
    unsafe copyEnds(UInt64.self, from, count, to)
  } else if count >= 4 {
    unsafe copyEnds(UInt32.self, from, count, to)
  } else if count > 0 {
    unsafe to.storeBytes(of: from.load(as: UInt8.self), as: UInt8.self)
    if count > 1 { unsafe copyEnds(UInt16.self, from, count, to) }
  }
}

/// Copies the first and the last bytes as a `Word` each, which overlap unless there are twice as many.
@inline(__always)
private func copyEnds<Word: BitwiseCopyable>(
  _: Word.Type, _ from: UnsafeRawPointer, _ count: Int, _ to: UnsafeMutableRawPointer
) {
  let last = count &- MemoryLayout<Word>.size
  let (head, tail) = unsafe (
    from.loadUnaligned(as: Word.self), from.loadUnaligned(fromByteOffset: last, as: Word.self)
  )
  unsafe to.storeBytes(of: head, as: Word.self)
  unsafe to.storeBytes(of: tail, toByteOffset: last, as: Word.self)
}
