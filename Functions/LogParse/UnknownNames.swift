// SPDX-License-Identifier: MIT
import Bytes

extension EventParser {
  /// The names of the last entry's parameters that no column has, as a JSON array of at most `maximumBytes`
  /// bytes; nil without such a name. Each name is listed once, cut at 100 bytes; names that do not fit are
  /// left out.
  ///
  /// A name comes from outside, and in a broken URL it may be a visitor's text: show it to the sender of the
  /// hit and do not keep it.
  public func unknownNames(maximumBytes: Int) -> String? {
    var list = ByteWriter(capacity: 256)
    var seen: Set<[UInt8]> = []
    list.append(UInt8(ascii: "["))
    forEachUnknownName { name in
      let cut = name.extracting(0..<UTF8Text.cut(name, to: 100))
      var bytes = ByteWriter(capacity: cut.count &+ 3)
      bytes.append(json: cut)
      guard list.count &+ bytes.count &+ 2 <= maximumBytes, seen.insert(bytes.bytes).inserted else {
        return
      }
      if list.count > 1 { list.append(UInt8(ascii: ",")) }
      list.append(bytes.bytes.span)
    }
    guard list.count > 1 else { return nil }
    list.append(UInt8(ascii: "]"))
    return list.bytes.span.string
  }
}

/// The number of parameters without a column in the last minute, by name, so that an operator can see which
/// values a site sends in vain.
///
/// A broken URL makes a visitor's text a name. So a name counts by itself only if it looks like a
/// programmer's and comes several times a minute; all others are one number.
///
/// A reference, since the minute's report is written when a call ends, which may be while the parser runs.
final class UnknownNameCounts {
  static let maximumNameBytes = 40
  /// As many have to be seen before a name is shown.
  static let enough = 5
  static let mostShown = 50
  /// The number of names kept in a minute, so that made-up names don't fill the memory.
  static let mostKept = 512

  /// A name that was counted; the slot is free while the count is 0.
  private struct Slot {
    var hash: UInt64 = 0
    var name = 0..<0
    var count = 0
  }

  /// Twice as many as names are kept; a power of two.
  private static let slotCount = 1024
  /// Made-up names can make chains no longer.
  private static let mostProbes = 16

  private var slots = [Slot](repeating: Slot(), count: slotCount)
  private var names = ByteWriter()
  private var kept = 0
  private var others = 0

  func count(_ name: Span<UInt8>) {
    guard let hash = Self.hash(ofPlain: name) else {
      others &+= 1
      return
    }
    var at = Int(truncatingIfNeeded: hash >> 32)
    for _ in 0..<Self.mostProbes {
      at &= Self.slotCount &- 1
      if slots[at].count == 0 {
        guard kept < Self.mostKept else { break }
        kept &+= 1
        let start = names.count
        names.append(name)
        slots[at] = Slot(hash: hash, name: start..<names.count, count: 1)
        return
      }
      if slots[at].hash == hash, names.bytes.span.equals(name, at: slots[at].name) {
        slots[at].count &+= 1
        return
      }
      at &+= 1
    }
    others &+= 1
  }

  func countOther(_ count: Int) { others &+= count }

  /// The names to show, the most frequent first, and the number of all others; then counting begins anew.
  func take() -> (names: [(name: String, count: Int)], others: Int) {
    let bytes = names.bytes
    let common = slots.filter { $0.count >= Self.enough }
      .map { slot in
        let name = bytes.span
        return (name: name.string(slot.name), count: slot.count)
      }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    let shown = Array(common.prefix(Self.mostShown))
    let all = slots.reduce(others) { $0 + $1.count }
    if kept > 0 { slots = [Slot](repeating: Slot(), count: Self.slotCount) }
    names.removeAll()
    (kept, others) = (0, 0)
    return (shown, all - shown.reduce(0) { $0 + $1.count })
  }

  /// A hash (FNV-1a) of a name of letters, digits, `_` and `.` that begins with a letter; nil for any other.
  private static func hash(ofPlain name: Span<UInt8>) -> UInt64? {
    guard 1...maximumNameBytes ~= name.count else { return nil }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for at in name.indices {
      let byte = name[at]
      let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26
      let isOther =
        byte.decimalDigit != nil || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      guard isLetter || isOther && at > 0 else { return nil }
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
    }
    return hash
  }
}
