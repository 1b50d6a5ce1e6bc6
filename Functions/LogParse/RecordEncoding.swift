// SPDX-License-Identifier: MIT
import Bytes

/// RECORD columns: objects and lists of objects, made of the parameters that name their fields.
extension RowEncoder {
  /// Puts the values in the order of the fields, so that each record's lie side by side.
  mutating func sortFieldValues(_ parameters: Parameters) {
    let values = parameters.fieldValues
    fieldOrder.removeAll(keepingCapacity: true)
    fieldOrder.append(contentsOf: values.indices)
    fieldOrder.sort { (values[$0].place.leaf, $0) < (values[$1].place.leaf, $1) }
  }

  /// Moves behind the next RECORD column without writing it.
  func skipRecord(next node: inout Int) {
    if let fields = plan.fields { node = fields.nodes[node].end }
  }

  /// Writes the next RECORD column, whose node this is, and moves to the one after it.
  mutating func appendRecord(
    next node: inout Int, _ parameters: Parameters, _ url: Span<UInt8>, to row: inout ByteWriter
  ) throws(Refusal) -> Filling {
    guard let fields = plan.fields else { return .empty }
    let column = node
    node = fields.nodes[column].end
    let values = parameters.fieldValues
    let start = fieldOrder.firstIndex { values[$0].place.leaf > column } ?? fieldOrder.count
    let end =
      fieldOrder.firstIndex { values[$0].place.leaf >= fields.nodes[column].end }
      ?? fieldOrder.count
    return try appendRecord(column, of: fields, parameters, start..<end, url, to: &row)
  }

  /// Writes a record of the values at these places of `fieldOrder`.
  private mutating func appendRecord(
    _ node: Int, of fields: FieldTree, _ parameters: Parameters, _ range: Range<Int>,
    _ url: Span<UInt8>, to row: inout ByteWriter
  ) throws(Refusal) -> Filling {
    guard fields.nodes[node].column.mode == .repeated else {
      return try appendFields(node, of: fields, parameters, range, url, to: &row)
    }
    let values = parameters.fieldValues
    let depth = fields.nodes[node].depth
    func element(_ at: Int) -> UInt8 { values[at].place.index(atDepth: depth) }
    fieldOrder[range].sort {
      (element($0), values[$0].place.leaf, $0) < (element($1), values[$1].place.leaf, $1)
    }
    let start = row.count
    row.append(UInt8(ascii: "["))
    var first = range.lowerBound
    while first < range.upperBound {
      var end = first + 1
      while end < range.upperBound, element(fieldOrder[end]) == element(fieldOrder[first]) {
        end += 1
      }
      let before = row.count
      if before > start + 1 { row.append(UInt8(ascii: ",")) }
      if try appendFields(node, of: fields, parameters, first..<end, url, to: &row) != .filled {
        row.truncate(to: before)
      }
      first = end
    }
    row.append(UInt8(ascii: "]"))
    return row.count > start + 2 ? .filled : .empty
  }

  /// Writes one object. An object without any value is omitted, even if it has REQUIRED fields.
  private mutating func appendFields(
    _ node: Int, of fields: FieldTree, _ parameters: Parameters, _ range: Range<Int>,
    _ url: Span<UInt8>, to row: inout ByteWriter
  ) throws(Refusal) -> Filling {
    let start = row.count
    var missing: Int?
    var first = range.lowerBound
    var child = node + 1
    while child < fields.nodes[node].end {
      let field = fields.nodes[child]
      var end = first
      while end < range.upperBound, parameters.fieldValues[fieldOrder[end]].place.leaf < field.end {
        end += 1
      }
      if first < end || field.column.mode == .required {
        let before = row.count
        let filling: Filling
        if field.column.type == .record {
          row.append(plan.keys.span, field.column.key)
          filling = try appendRecord(child, of: fields, parameters, first..<end, url, to: &row)
        } else {
          filling = appendLeaf(field, parameters, first..<end, url, to: &row)
        }
        if filling != .filled { row.truncate(to: before) }
        if field.column.mode == .required, filling == .misfit {
          throw refusal(of: field.path, field.column, filling)
        }
        if field.column.mode == .required, filling == .empty, missing == nil { missing = child }
        guard row.count <= Self.maximumRowBytes else { throw tooLarge }
      }
      first = end
      child = field.end
    }
    guard row.count > start else { return .empty }
    if let missing {
      throw refusal(of: fields.nodes[missing].path, fields.nodes[missing].column, .empty)
    }
    // As in a row: the comma before the first key becomes the brace.
    row.bytes[start] = UInt8(ascii: "{")
    row.append(UInt8(ascii: "}"))
    return .filled
  }

  private mutating func appendLeaf(
    _ field: FieldTree.Node, _ parameters: Parameters, _ range: Range<Int>, _ url: Span<UInt8>,
    to row: inout ByteWriter
  ) -> Filling {
    guard let first = range.first else { return .empty }
    let value = parameters.fieldValues[fieldOrder[first]]
    guard value.path.isEmpty else {
      parts.removeAll()
      for at in range {
        let value = parameters.fieldValues[fieldOrder[at]]
        takePart(value.range, isEncoded: value.isEncoded, at: value.path, in: url)
      }
      return appendParts(field.column, url, to: &row)
    }
    guard field.column.mode == .repeated else {
      let filling = appendMember(value.range, value.isEncoded, url, field.column, to: &row)
      if filling == .misfit { appendMisfit(field, value.place) }
      return filling
    }
    row.append(plan.keys.span, field.column.key)
    let start = row.count
    row.append(UInt8(ascii: "["))
    if parameters.hasElements { sortElements(range, parameters) }
    var before = Parameters.anyElement
    for at in range {
      let value = parameters.fieldValues[fieldOrder[at]]
      if value.element == before, before != Parameters.anyElement {
        countRepeatedPart()
        continue
      }
      before = value.element
      var elements = ListElements(value.range)
      while let element = elements.next(in: url) {
        let fits = appendElement(
          element, value.isEncoded, url, field.column, after: start, to: &row)
        if !fits { appendMisfit(field, value.place) }
      }
    }
    row.append(UInt8(ascii: "]"))
    return row.count > start + 2 ? .filled : .empty
  }

  /// Puts the values of one list in the order of the elements that their names say.
  private mutating func sortElements(_ range: Range<Int>, _ parameters: Parameters) {
    let values = parameters.fieldValues
    fieldOrder[range].sort { (values[$0].element, $0) < (values[$1].element, $1) }
  }

  /// Keeps the value in `text`, under the name that it came for: `items[0].sku`.
  private mutating func appendMisfit(_ field: FieldTree.Node, _ place: FieldTree.Place) {
    countMisfit()
    guard plan.keepsUnparsed else { return }
    misfits.append(",\"" as StaticString)
    for (depth, name) in field.path.utf8.split(separator: UInt8(ascii: ".")).enumerated() {
      if depth > 0 { misfits.append(UInt8(ascii: ".")) }
      for byte in name { misfits.append(byte) }
      let index = place.index(atDepth: depth)
      guard index > 0 else { continue }
      misfits.append(UInt8(ascii: "["))
      misfits.append(decimal: index &- 1)
      misfits.append(UInt8(ascii: "]"))
    }
    misfits.append("\":" as StaticString)
    let value = text.bytes
    misfits.append(json: value.span)
  }
}

/// The elements of a list as it stands in the URL. Only a bare `;` parts two elements: `%3B` is one
/// inside an element. Empty elements are left out.
struct ListElements {
  private var at: Int
  private let end: Int

  init(_ range: Range<Int>) { (at, end) = (range.lowerBound, range.upperBound) }

  mutating func next(in url: Span<UInt8>) -> Range<Int>? {
    while at < end, url[at] == UInt8(ascii: ";") { at &+= 1 }
    guard at < end else { return nil }
    let start = at
    at = url.firstIndex(of: UInt8(ascii: ";"), in: start..<end)
    return start..<at
  }
}
