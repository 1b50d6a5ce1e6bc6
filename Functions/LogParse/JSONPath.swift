// SPDX-License-Identifier: MIT
import Bytes

/// The way from a JSON column to a value inside it, as it stands in a parameter's name behind the
/// column's: `.a.b`, `[a][b]`, `.items[0].sku`, `.tags[]`.
///
/// Brackets may be encoded, as browsers do it; an encoded dot belongs to its name: `.a%2Eb` is one key.
struct JSONPath {
  static let maximumDepth = 16
  /// The highest index, also of a REPEATED RECORD: `items[99].sku`.
  static let maximumIndex = 99

  enum Step: Equatable {
    /// A member of an object: its name, still encoded.
    case member(Range<Int>)
    /// An element of a list, and its digits.
    case element(Int, Range<Int>)
    /// `[]` at the end: one more element.
    case oneMore
    case invalid
  }

  /// Behind the last step.
  var position: Int { at }
  private var at: Int
  private let end: Int

  init(_ range: Range<Int>) { (at, end) = (range.lowerBound, range.upperBound) }

  /// Passes a name that has neither dot nor bracket before it.
  mutating func skipName(in url: Span<UInt8>) { at = url.endOfPathName(in: at..<end) }

  /// The next step, or nil at the end.
  mutating func next(in url: Span<UInt8>) -> Step? {
    guard at < end else { return nil }
    let bracket = url.bracket(UInt8(ascii: "["), at: at, end: end)
    guard bracket > 0 else {
      guard url[at] == UInt8(ascii: ".") else { return .invalid }
      let start = at &+ 1
      at = url.endOfPathName(in: start..<end)
      return at > start ? .member(start..<at) : .invalid
    }
    let start = at &+ bracket
    at = start
    while at < end {
      let width = url.bracket(UInt8(ascii: "]"), at: at, end: end)
      guard width > 0 else {
        at &+= 1
        continue
      }
      let inside = start..<at
      at &+= width
      if inside.isEmpty { return at == end ? .oneMore : .invalid }
      guard url[start].decimalDigit != nil, let index = url.decimal(at: inside) else {
        return .member(inside)
      }
      return .element(index, inside)
    }
    return .invalid
  }

  enum Verdict { case good, invalid, tooFar }

  /// Whether the path can be followed, and is neither too deep nor beyond a list's last index.
  func verdict(in url: Span<UInt8>) -> Verdict {
    var (steps, depth, isFar) = (self, 0, false)
    while let step = steps.next(in: url) {
      depth += 1
      if step == .invalid { return .invalid }
      if case .element(let index, _) = step, index > Self.maximumIndex { isFar = true }
    }
    return isFar || depth > Self.maximumDepth ? .tooFar : .good
  }
}

extension Span where Element == UInt8 {
  /// The end of the name at the start of the range: up to the first `.` or `[`.
  func endOfPathName(in range: Range<Int>) -> Int {
    var at = range.lowerBound
    while at < range.upperBound, self[at] != UInt8(ascii: "."),
      bracket(UInt8(ascii: "["), at: at, end: range.upperBound) == 0
    {
      at &+= 1
    }
    return at
  }

  /// The length of the bracket at `at`: 1, or 3 if it is encoded; 0 if no bracket is there.
  fileprivate func bracket(_ byte: UInt8, at: Int, end: Int) -> Int {
    if self[at] == byte { return 1 }
    guard self[at] == UInt8(ascii: "%"), at &+ 2 < end, let high = self[at &+ 1].hexDigit,
      let low = self[at &+ 2].hexDigit
    else { return 0 }
    return high << 4 | low == byte ? 3 : 0
  }
}
