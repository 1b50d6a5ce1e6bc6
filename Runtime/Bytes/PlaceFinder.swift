// SPDX-License-Identifier: MIT

/// Gives the places of a byte one after the other, having looked at 64 bytes at once.
public struct PlaceFinder: Sendable {
  private let byte: UInt8
  /// The bytes that were looked at last start here; before, none were.
  private var window = -64
  private var places: UInt64 = 0

  public init(_ byte: UInt8) { self.byte = byte }

  /// The next place from `start` on, or `end`. No start may lie before an earlier one.
  @inline(__always)
  public mutating func next(from start: Int, to end: Int, in bytes: Span<UInt8>) -> Int {
    var at = start
    while at < end {
      if at >= window &+ 64 {
        window = at
        places = bytes.places64(of: byte, at: at)
      }
      let ahead = places &>> UInt64(truncatingIfNeeded: at &- window)
      if ahead != 0 { return min(at &+ ahead.trailingZeroBitCount, end) }
      at = window &+ 64
    }
    return end
  }
}
