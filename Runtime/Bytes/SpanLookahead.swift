// SPDX-License-Identifier: MIT

/// Looks at bytes that may not have arrived yet: one comparison tells whether they have, and the load needs
/// no second one. Those without `IfAny` trap. Each `unsafe` is in bounds by the line above it, and any bytes
/// make a number or a block.
extension Span where Element == UInt8 {
  /// The byte at `offset`; nil behind the end.
  @inlinable @inline(__always)
  public func byteIfAny(at offset: Int) -> UInt8? {
    guard UInt(bitPattern: offset) < UInt(bitPattern: count) else { return nil }
    return unsafe self[unchecked: offset]
  }

  /// The sixteen bytes from `offset` on; nil if fewer are left.
  @inlinable @inline(__always)
  public func blockIfAny(at offset: Int) -> SIMD16<UInt8>? {
    guard offset >= 0, offset <= count &- 16 else { return nil }
    return unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: offset, as: SIMD16<UInt8>.self)
  }

  /// The eight bytes from `offset` on, the first in the lowest bits; nil if fewer are left.
  @inlinable @inline(__always)
  public func wordIfAny(at offset: Int) -> UInt64? {
    guard offset >= 0, offset <= count &- 8 else { return nil }
    return unsafe UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
  }

  /// The two bytes from `offset` on, the first in the lower bits; nil if fewer are left.
  @inlinable @inline(__always)
  public func pairIfAny(at offset: Int) -> UInt16? {
    guard offset >= 0, offset <= count &- 2 else { return nil }
    return unsafe UInt16(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
  }
}
