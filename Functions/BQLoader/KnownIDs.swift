// SPDX-License-Identifier: MIT
import Bytes

/// The allow-list: ids that always have tables of their own, one a line. All others go to the overflow table.
struct KnownIDs: Sendable {
  static let maxFileBytes = 64 << 20
  private let ids: Set<[UInt8]>

  /// Empty lines, and those that begin with `#`, are passed over. Spaces and tabs around an id, and a byte
  /// order mark before it, are no part of it. Nil for a file that is not UTF-8, such as one in UTF-16: no
  /// id would match.
  init?(file: [UInt8]) {
    guard !file.contains(0), UTF8Text.isValid(file.span, 0..<file.count) else { return nil }
    var ids: Set<[UInt8]> = []
    for line in file.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
      let id = Self.trimmed(line)
      if !id.isEmpty, id.first != UInt8(ascii: "#") { ids.insert(Array(id)) }
    }
    self.ids = ids
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = line
    if rest.starts(with: byteOrderMark) { rest = rest.dropFirst(byteOrderMark.count) }
    rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
    while let last = rest.last, last == 0x20 || last == 0x09 { rest.removeLast() }
    return rest
  }

  var count: Int { ids.count }

  func has(_ value: JSONValue?, in row: Span<UInt8>) -> Bool {
    guard let value else { return false }
    if let string = value.string { return ids.contains(string.text(in: row)) }
    var text = ByteWriter()
    text.append(row, value.range)
    return ids.contains(text.bytes)
  }
}
