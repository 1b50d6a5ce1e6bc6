// SPDX-License-Identifier: MIT
import Bytes

/// How the text of a privacy signal is compared: by what it says, not by how a template wrote it.
extension Span where Element == UInt8 {
  /// The range without white space at both ends, no-break spaces and a byte order mark included.
  func withoutWhiteSpace(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, let width = whiteSpace(at: start, end: end) { start &+= width }
    trimming: while start < end {
      for width in 1...3 where end &- width >= start {
        if whiteSpace(at: end &- width, end: end) == width {
          end &-= width
          continue trimming
        }
      }
      break
    }
    return start..<end
  }

  /// How many bytes the white space takes that stands at `at`; nil if there is none.
  private func whiteSpace(at: Int, end: Int) -> Int? {
    if self[at] <= 0x20 { return 1 }
    if end &- at >= 2, self[at] == 0xC2, self[at &+ 1] == 0xA0 { return 2 }
    guard end &- at >= 3 else { return nil }
    switch (self[at], self[at &+ 1], self[at &+ 2]) {
    case (0xE2, 0x80, 0x80...0x8B), (0xE2, 0x80, 0xAF), (0xE3, 0x80, 0x80), (0xEF, 0xBB, 0xBF):
      return 3
    default: return nil
    }
  }

  /// Whether the text is `word`, which is in lower-case letters, in any letter case.
  func isWord(_ word: StaticString) -> Bool { word.withSpan { isWord($0) } }

  private func isWord(_ word: Span<UInt8>) -> Bool {
    count == word.count && hasPrefix(word)
  }

  /// Whether the text is `name`, which is in lower case, or names a part of it: `name[]`, `name[0]`,
  /// `name.part`. Letter case does not count.
  func isWhole(ofName name: StaticString) -> Bool { name.withSpan { isWhole(ofName: $0) } }

  func isWhole(ofName name: Span<UInt8>) -> Bool {
    guard hasPrefix(name) else { return false }
    guard count > name.count else { return true }
    return self[name.count] == UInt8(ascii: "[") || self[name.count] == UInt8(ascii: ".")
  }

  /// `word` is in lower case.
  private func hasPrefix(_ word: Span<UInt8>) -> Bool {
    guard count >= word.count else { return false }
    for index in word.indices {
      let byte = self[index]
      let isCapital = byte &- UInt8(ascii: "A") < 26
      guard (isCapital ? byte | 0x20 : byte) == word[index] else { return false }
    }
    return true
  }
}
