// SPDX-License-Identifier: MIT

/// Finds a name among a fixed set by its bytes, without making a string of it: open addressing in a
/// table at most half full.
public struct NameIndex: Sendable {
  /// A name as it is compared: of one up to 16 bytes long the length and both ends are all of it.
  private struct Key: Equatable, Sendable {
    var first: UInt64 = 0
    var last: UInt64 = 0
    /// -1 in a free slot.
    var count = -1

    init() {}

    @inline(__always)
    init(_ name: Span<UInt8>) {
      count = name.count
      if count >= 8 {
        first = name.word(at: 0)
        last = name.word(at: count &- 8)
      } else if count >= 4 {
        first = UInt64(name.half(at: 0))
        last = UInt64(name.half(at: count &- 4))
      } else if count > 0 {
        first = UInt64(name[0]) | UInt64(name[count &>> 1]) << 8
        last = UInt64(name[count &- 1])
      }
    }

    /// The names in the table come from the contract, so a client cannot make chains long.
    @inline(__always)
    var hash: Int {
      let mixed = (first ^ last &* 3 ^ UInt64(truncatingIfNeeded: count)) &* 0x9e37_79b9_7f4a_7c15
      return Int(truncatingIfNeeded: mixed >> 40)
    }
  }

  private struct Slot: Sendable {
    var key = Key()
    var position = 0
  }

  /// The length is a power of two.
  private let slots: [Slot]
  private let names: [[UInt8]]

  /// The names in the order of the positions that `find` gives; no two may be the same.
  public init(_ names: [[UInt8]]) {
    var size = 8
    while size < names.count * 2 { size *= 2 }
    var slots = [Slot](repeating: Slot(), count: size)
    for (position, name) in names.enumerated() {
      let key = Key(name.span)
      var slot = key.hash & (size - 1)
      while slots[slot].key.count >= 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Slot(key: key, position: position)
    }
    self.slots = slots
    self.names = names
  }

  /// The position of `name` among the names.
  public func find(_ name: Span<UInt8>) -> Int? {
    guard name.count <= 16 else { return findLong(name) }
    let key = Key(name)
    var at = key.hash
    while true {
      let slot = slots[at & (slots.count &- 1)]
      if slot.key == key { return slot.position }
      // At most half of the slots are taken.
      guard slot.key.count >= 0 else { return nil }
      at &+= 1
    }
  }

  /// The same for a name of which the key is not all.
  @inline(never)
  private func findLong(_ name: Span<UInt8>) -> Int? {
    let key = Key(name)
    var at = key.hash
    while true {
      let slot = slots[at & (slots.count &- 1)]
      if slot.key == key {
        let known = names[slot.position]
        if name.equals(known.span) { return slot.position }
      }
      guard slot.key.count >= 0 else { return nil }
      at &+= 1
    }
  }
}
