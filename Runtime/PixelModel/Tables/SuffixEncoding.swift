// SPDX-License-Identifier: MIT
import Bytes

/// Makes any value a part of a table name, so that no two values make the same part and none can reach
/// out of its place.
///
/// `A–Y a–z 0–9` stay; every other byte becomes `Z` and two upper-case hex digits. `_` never comes from a
/// value, so it can only be the pattern's. Markers that are not part of a value are `Z` and a lower-case
/// letter.
package enum SuffixEncoding {
  /// No value: the column is null or absent.
  package static let missing = "Zn"
  /// Stands before the SHA-256 of a value whose encoding would be longer than `maxBytes`.
  package static let hashed = "Zh"
  /// The pattern gave nothing at all, which would be the template table itself.
  package static let empty = "Ze"
  /// Begins the suffix of the overflow table, which takes the rows that may not have a table of their own.
  package static let overflow = "_Zo"
  package static let maxBytes = 128

  package static func append(_ value: JSONValue?, of row: Span<UInt8>, to suffix: inout ByteWriter)
  {
    guard let value else { return suffix.append(missing) }
    guard let string = value.string, string.hasEscapes else {
      return append(row.extracting(value.range), to: &suffix)
    }
    let text = string.text(in: row)
    append(text.span, to: &suffix)
  }

  package static func append(_ value: Span<UInt8>, to suffix: inout ByteWriter) {
    let start = suffix.count
    for index in value.indices {
      let byte = value[index]
      if isPlain(byte) {
        suffix.append(byte)
      } else {
        suffix.append(UInt8(ascii: "Z"))
        suffix.append(upperHex: byte)
      }
      guard suffix.count - start <= maxBytes else {
        suffix.bytes.removeSubrange(start...)
        suffix.append(hashed)
        return suffix.append(sha256Of: value)
      }
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (byte &- 0x61 < 26) || (byte &- 0x41 < 25) || (byte &- 0x30 < 10)
  }
}
