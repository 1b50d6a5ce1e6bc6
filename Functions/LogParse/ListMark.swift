// SPDX-License-Identifier: MIT
import Bytes

/// The brackets at the end of a list's name, in the way of PHP: `tags[]`, `tags[0]`.
struct ListMark {
  enum Kind {
    case none, append
    /// A number too large for an index counts as the largest.
    case element(Int)
  }

  let kind: Kind
  /// Where the brackets begin; the end of the name without them.
  let start: Int

  init(of name: Span<UInt8>) {
    var at = name.count &- 1
    guard at > 0, name[at] == UInt8(ascii: "]") else {
      (kind, start) = (.none, name.count)
      return
    }
    while at > 0, name[at &- 1].decimalDigit != nil { at &-= 1 }
    guard at > 1, name[at &- 1] == UInt8(ascii: "[") else {
      (kind, start) = (.none, name.count)
      return
    }
    start = at &- 1
    let digits = at..<(name.count &- 1)
    kind = digits.isEmpty ? .append : .element(name.decimal(at: digits) ?? .max)
  }
}
