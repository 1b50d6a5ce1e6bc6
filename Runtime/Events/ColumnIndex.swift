// SPDX-License-Identifier: MIT
import Bytes

/// Finds a column by the bytes of its name, without making a string of them: open addressing in a
/// table at most half full.
public struct ColumnIndex: Sendable {
  /// All names in a row; name `n` ends at `ends[n]`, where the next one begins.
  private let text: [UInt8]
  private let ends: [Int]
  /// Positions of names, or -1; the length is a power of two.
  private let slots: [Int32]

  /// The names in the order of the positions that `find` gives; no two may be the same.
  public init(_ names: [[UInt8]]) {
    text = Array(names.joined())
    ends = names.reduce(into: []) { ends, name in ends.append((ends.last ?? 0) + name.count) }
    var size = 8
    while size < names.count * 2 { size *= 2 }
    var slots = [Int32](repeating: -1, count: size)
    for (position, name) in names.enumerated() {
      var slot = Self.hash(name.span) & (size - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Int32(position)
    }
    self.slots = slots
  }

  /// The position of this name.
  public func find(_ name: Span<UInt8>) -> Int? {
    let mask = slots.count &- 1
    var slot = Self.hash(name) & mask
    while slots[slot] >= 0 {
      let position = Int(slots[slot])
      if isName(position, name) { return position }
      slot = (slot &+ 1) & mask
    }
    return nil
  }

  @inline(__always)
  private func isName(_ position: Int, _ name: Span<UInt8>) -> Bool {
    let start = position == 0 ? 0 : ends[position &- 1]
    guard ends[position] &- start == name.count else { return false }
    for index in name.indices where text[start &+ index] != name[index] { return false }
    return true
  }

  /// FNV-1a. The names looked up are not ours, but those in the table are, so nobody outside can
  /// make chains long.
  @inline(__always)
  private static func hash(_ name: Span<UInt8>) -> Int {
    var hash: UInt32 = 2_166_136_261
    for index in name.indices { hash = (hash ^ UInt32(name[index])) &* 16_777_619 }
    return Int(hash ^ hash >> 15)
  }
}
