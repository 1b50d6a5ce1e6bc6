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

  private var counts: [[UInt8]: Int] = [:]
  private var others = 0

  func count(_ name: Span<UInt8>) {
    guard Self.isPlain(name) else {
      others += 1
      return
    }
    var writer = ByteWriter(capacity: name.count)
    writer.append(name)
    if counts[writer.bytes] != nil || counts.count < Self.mostKept {
      counts[writer.bytes, default: 0] += 1
    } else {
      others += 1
    }
  }

  func countOther(_ count: Int) { others += count }

  /// The names to show, the most frequent first, and the number of all others; then counting begins anew.
  func take() -> (names: [(name: String, count: Int)], others: Int) {
    let common = counts.filter { $0.value >= Self.enough }
      .map { (name: $0.key.span.string, count: $0.value) }
      .sorted { ($1.count, $0.name) < ($0.count, $1.name) }
    let shown = Array(common.prefix(Self.mostShown))
    let all = counts.values.reduce(others, +)
    defer { (counts, others) = ([:], 0) }
    return (shown, all - shown.reduce(0) { $0 + $1.count })
  }

  /// A letter, then letters, digits, `_` and `.`.
  private static func isPlain(_ name: Span<UInt8>) -> Bool {
    guard 1...maximumNameBytes ~= name.count else { return false }
    for at in name.indices {
      let isLetter = (name[at] | 0x20) &- UInt8(ascii: "a") < 26
      let isOther =
        name[at].decimalDigit != nil || name[at] == UInt8(ascii: "_")
        || name[at] == UInt8(ascii: ".")
      guard isLetter || isOther && at > 0 else { return false }
    }
    return true
  }
}
