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

extension Parameters {
  /// Whether a RECORD came whole.
  var hasTexts: Bool { !texts.isEmpty }

  /// Takes the RECORDs that came as JSON text, as the same objects in a POST would have come: gives the URL with
  /// their fields behind it as parameters. From then on all ranges refer to that URL.
  mutating func readTexts(_ url: Span<UInt8>, for plan: RowPlan) -> ByteWriter {
    var longer = ByteWriter(capacity: url.count &* 2)
    longer.append(url)
    guard let fields = plan.fields else { return longer }
    var query = JSONQuery(maximumValues: Self.maximum)
    var elements = 0
    for (parameter, isOpenList) in texts {
      let text = RecordText(parameter, in: url)
      guard !text.isNothing else { continue }
      query.removeAll()
      do throws(JSONQueryProblem) {
        try query.append(text, isOpenList: isOpenList, &elements)
      } catch {
        misfits.append(parameter)
        continue
      }
      longer.append(UInt8(ascii: "&"))
      var parameters = QueryString(longer.count..<(longer.count &+ query.query.count))
      longer.append(query.query.bytes.span)
      while let parameter = parameters.next(in: longer.bytes.span) {
        takeFromText(parameter, in: longer.bytes.span, fields)
      }
    }
    return longer
  }

  /// A member in the text of a RECORD is a field, or is kept as a misfit: its column was named.
  private mutating func takeFromText(
    _ parameter: QueryParameter, in url: Span<UInt8>, _ fields: FieldTree
  ) {
    switch find(parameter.name, in: url, fields) {
    case .place(let place, let element): take(parameter, place, fields, element: element)
    case .unknown where takeFieldPart(parameter, in: url, fields): return
    case .unknown, .record, .indexTooHigh: misfits.append(parameter)
    }
  }
}

extension JSONQuery {
  /// Appends the fields of an object or of a list of objects. An object that stands for a list is its next
  /// element.
  fileprivate mutating func append(
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
