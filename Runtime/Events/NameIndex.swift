// SPDX-License-Identifier: MIT
import Bytes

/// Finds a name among a fixed set by its bytes, without making a string of it: open addressing in a
/// table at most half full.
public struct NameIndex: Sendable {
  /// A name as it is compared: of the usual short one the length and both ends are all of it.
  private struct Key: Equatable, Sendable {
    var first: UInt64 = 0
    var last: UInt64 = 0
    var count = 0

    @inline(__always)
    init(_ name: Span<UInt8>) {
      count = name.count
      if count >= 8 {
        first = name.word(at: 0)
        last = name.word(at: count &- 8)
      } else {
        for index in 0..<count { first = first << 8 | UInt64(name[index]) }
      }
    }

    /// The names looked up are not ours, but those in the table are, so nobody outside can make
    /// chains long.
    @inline(__always)
    var hash: Int {
      let mixed = (first ^ last &* 3 ^ UInt64(truncatingIfNeeded: count)) &* 0x9e37_79b9_7f4a_7c15
      return Int(truncatingIfNeeded: mixed >> 40)
    }
  }

  private struct Slot: Sendable {
    let key: Key
    /// Of a name longer than 16 bytes, what lies between its ends.
    let middle: [UInt8]
    let position: Int
  }

  /// The length is a power of two.
  private let slots: [Slot?]

  /// The names in the order of the positions that `find` gives; no two may be the same.
  public init(_ names: [[UInt8]]) {
    var size = 8
    while size < names.count * 2 { size *= 2 }
    var slots = [Slot?](repeating: nil, count: size)
    for (position, name) in names.enumerated() {
      let key = Key(name.span)
      var slot = key.hash & (size - 1)
      while slots[slot] != nil { slot = (slot + 1) & (size - 1) }
      let middle = name.count > 16 ? Array(name[8..<(name.count - 8)]) : []
      slots[slot] = Slot(key: key, middle: middle, position: position)
    }
    self.slots = slots
  }

  /// The position of `name` among the names.
  public func find(_ name: Span<UInt8>) -> Int? {
    let key = Key(name)
    let mask = slots.count &- 1
    var at = key.hash & mask
    while let slot = slots[at] {
      if slot.key == key, name.count <= 16 || name.equals(slot.middle, at: 8) {
        return slot.position
      }
      at = (at &+ 1) & mask
    }
    return nil
  }
}

extension Span where Element == UInt8 {
  /// Whether the bytes from `start` on are those of `other`; there have to be as many.
  fileprivate func equals(_ other: [UInt8], at start: Int) -> Bool {
    for index in other.indices where self[start &+ index] != other[index] { return false }
    return true
  }
}
