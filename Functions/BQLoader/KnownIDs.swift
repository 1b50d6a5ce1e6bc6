// SPDX-License-Identifier: MIT
import Bytes

/// The allow-list: ids that always have tables of their own, one a line. All others go to the overflow table.
struct KnownIDs: Sendable {
  static let maxFileBytes = 64 << 20
  private let ids: Set<[UInt8]>

  /// Empty lines, and those that begin with `#`, are passed over.
  init(file: [UInt8]) {
    var ids: Set<[UInt8]> = []
    for var line in file.split(separator: UInt8(ascii: "\n")) {
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if !line.isEmpty, line.first != UInt8(ascii: "#") { ids.insert(Array(line)) }
    }
    self.ids = ids
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
