// SPDX-License-Identifier: MIT
import Bytes

/// A RANGE as SQL writes it: `[2026-01-01, 2026-02-01)`, with `UNBOUNDED`, `NULL` or nothing for an open end.
struct RangeText {
  let start: Range<Int>
  let end: Range<Int>

  init?(_ text: Span<UInt8>) {
    guard text.count >= 3, text[0] == UInt8(ascii: "["),
      text[text.count - 1] == UInt8(ascii: ")")
    else { return nil }
    let comma = text.firstIndex(of: UInt8(ascii: ","), in: 1..<(text.count - 1))
    guard comma < text.count - 1 else { return nil }
    start = Self.bound(1..<comma, of: text)
    end = Self.bound((comma + 1)..<(text.count - 1), of: text)
  }

  /// Without spaces around it; empty if the range is open there.
  private static func bound(_ range: Range<Int>, of text: Span<UInt8>) -> Range<Int> {
    var (first, last) = (range.lowerBound, range.upperBound)
    while first < last, text[first] == 0x20 { first += 1 }
    while last > first, text[last - 1] == 0x20 { last -= 1 }
    let isOpen = text.equals("UNBOUNDED", at: first..<last) || text.equals("NULL", at: first..<last)
    return isOpen ? first..<first : first..<last
  }
}

extension ByteWriter {
  /// Appends the object that `tabledata.insertAll` takes for a RANGE; a text of another form goes to
  /// BigQuery as it is.
  mutating func append(range text: Span<UInt8>) {
    guard let range = RangeText(text) else { return append(json: text) }
    append(UInt8(ascii: "{"))
    if !range.start.isEmpty {
      append("\"start\":" as StaticString)
      append(json: text, range.start)
    }
    if !range.end.isEmpty {
      append(range.start.isEmpty ? "\"end\":" as StaticString : ",\"end\":" as StaticString)
      append(json: text, range.end)
    }
    append(UInt8(ascii: "}"))
  }
}
