// SPDX-License-Identifier: MIT
import Bytes

/// The value of a parameter that names a RECORD: JSON text, as shops send their items, or anything else.
struct RecordText {
  /// The name as it is written, without the brackets of a list.
  let name: [UInt8]
  private let value: ByteWriter

  init(_ parameter: QueryParameter, in url: Span<UInt8>) {
    name = Self.withoutListMark(url.extracting(parameter.name))
    var value = ByteWriter(capacity: parameter.value.count)
    value.append(formDecoding: url, parameter.value)
    self.value = value
  }

  private static func withoutListMark(_ name: Span<UInt8>) -> [UInt8] {
    var bytes = ByteWriter(capacity: name.count)
    bytes.append(name)
    for mark in ["[]", "%5B%5D", "%5b%5d", "%5B]", "[%5D"] {
      guard bytes.bytes.ends(with: mark) else { continue }
      bytes.truncate(to: bytes.count &- mark.utf8.count)
      break
    }
    return bytes.bytes
  }

  /// Whether it says that there is no record.
  var isNothing: Bool {
    let text = trimmed
    return text.isEmpty || value.bytes.span.equals("null", at: text)
  }

  fileprivate var bytes: [UInt8] { Array(value.bytes[trimmed]) }

  private var trimmed: Range<Int> {
    let bytes = value.bytes
    let start = bytes.firstIndex { $0 > 0x20 } ?? bytes.count
    let end = bytes.lastIndex { $0 > 0x20 } ?? start &- 1
    return start..<(end &+ 1)
  }
}

extension JSONQuery {
  /// Appends the fields of an object or of a list of objects. An object that stands for a list is its next
  /// element.
  mutating func append(
    _ text: RecordText, isOpenList: Bool, _ elements: inout Int
  ) throws(JSONQueryProblem) {
    let json = text.bytes
    var name = ByteWriter(capacity: text.name.count &+ 8)
    name.append(text.name.span)
    switch json.first {
    case UInt8(ascii: "{") where isOpenList:
      name.append(UInt8(ascii: "["))
      name.append(decimal: elements)
      name.append(UInt8(ascii: "]"))
      elements &+= 1
    case UInt8(ascii: "{"), UInt8(ascii: "["): break
    default: throw .notAnObject
    }
    try append(json: json.span, named: name.bytes.span)
  }
}

extension [UInt8] {
  fileprivate func ends(with text: String) -> Bool {
    suffix(text.utf8.count).elementsEqual(text.utf8)
  }
}
