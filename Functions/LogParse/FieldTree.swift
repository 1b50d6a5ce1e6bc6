// SPDX-License-Identifier: MIT
import Bytes
import PixelModel

/// The RECORD columns of a contract with all that is inside them, parents before children in the
/// schema's order, and the way from a parameter's name to its field.
///
/// Only contracts that have a RECORD have one, so that the others don't pay for it.
struct FieldTree {
  struct Node {
    let column: RowPlan.PlannedColumn
    /// The names from the RECORD column on, with dots: `items.sku`.
    let path: String
    /// Behind the last node inside this one.
    let end: Int
    /// 0 for a RECORD column itself.
    let depth: Int
    /// Which records around this node are REPEATED: bit 0 for the column, and so on.
    let repeatedLevels: UInt16
  }

  /// The field that a parameter names, and which element of each REPEATED RECORD around it: one more than the
  /// index in 8 bits a level, 0 for a level without an index. Fifteen levels fit.
  struct Place: Equatable {
    let leaf: Int
    let indices: UInt128

    init(_ leaf: Int, _ indices: UInt128) { (self.leaf, self.indices) = (leaf, indices) }

    func index(atDepth depth: Int) -> UInt8 { UInt8(truncatingIfNeeded: indices >> (depth * 8)) }
  }

  enum Lookup {
    /// A field, and which element of a list the name says: `item.tags[0]`.
    case place(Place, element: Int?)
    /// A RECORD itself: `item`, `items`, `items[0]`. Of an open list any element may be meant.
    case record(isOpenList: Bool)
    case unknown, indexTooHigh
  }

  let nodes: [Node]
  /// Whether a field is JSON, so that a name may go on behind it.
  let hasJSON: Bool
  private let paths: NameIndex

  /// Nil if there is no RECORD among the columns.
  init?(_ columns: [Column], _ keys: inout ByteWriter) {
    var drafts: [Node] = []
    for column in columns where column.type == .record {
      Self.add(column, in: nil, &drafts, &keys)
    }
    guard !drafts.isEmpty else { return nil }
    nodes = drafts
    hasJSON = drafts.contains { $0.column.type == .json }
    paths = NameIndex(drafts.map { Array($0.path.utf8) })
  }

  /// Depth is bounded by the contract's own check.
  private static func add(
    _ column: Column, in parent: Node?, _ nodes: inout [Node], _ keys: inout ByteWriter
  ) {
    let position = nodes.count
    let depth = parent.map { $0.depth + 1 } ?? 0
    let isRecord = column.type == .record
    var levels = parent?.repeatedLevels ?? 0
    if isRecord, column.mode == .repeated { levels |= 1 << UInt16(depth) }
    func node(end: Int) -> Node {
      Node(
        column: planned, path: parent.map { "\($0.path).\(column.name)" } ?? column.name, end: end,
        depth: depth, repeatedLevels: levels)
    }
    let planned = RowPlan.PlannedColumn(column, isRecord ? .record : .parameter, &keys)
    let this = node(end: position + 1)
    nodes.append(this)
    for field in column.fields { add(field, in: this, &nodes, &keys) }
    nodes[position] = node(end: nodes.count)
  }

  /// Finds the target of a parameter's name: a field, `item.id`, `item[id]`, `items[0].sku`, `items[0][sku]`,
  /// a list also as `item.tags[]` and `item.tags[0]`, or a RECORD as a whole. `path` is scratch.
  func find(_ name: Span<UInt8>, _ path: inout ByteWriter) -> Lookup {
    path.removeAll()
    let mark = ListMark(of: name)
    guard let (indices, isTooHigh) = Self.split(name.extracting(0..<mark.start), into: &path),
      let found = paths.find(path.bytes.span)
    else { return .unknown }
    let node = nodes[found]
    var given: UInt16 = 0
    for depth in 0..<16 where indices >> (depth * 8) & 0xff != 0 { given |= 1 << UInt16(depth) }
    guard node.column.type != .record else {
      return record(node, given, mark, isTooHigh: isTooHigh)
    }
    // An element has to be named in each REPEATED RECORD, and nowhere else.
    guard given == node.repeatedLevels else { return .unknown }
    switch mark.kind {
    case .none: return isTooHigh ? .indexTooHigh : .place(Place(found, indices), element: nil)
    // Of a JSON field the list is a part of its value.
    case _ where node.column.type == .json: return .unknown
    case .append: return isTooHigh ? .indexTooHigh : .place(Place(found, indices), element: nil)
    case .element(let index):
      guard node.column.mode == .repeated else { return .unknown }
      guard !isTooHigh, index < Parameters.maximum else { return .indexTooHigh }
      return .place(Place(found, indices), element: index)
    }
  }

  private func record(
    _ node: Node, _ given: UInt16, _ mark: ListMark, isTooHigh: Bool
  ) -> Lookup {
    let isList = node.column.mode == .repeated
    guard given == node.repeatedLevels & ~(1 << UInt16(node.depth)) else { return .unknown }
    guard !isTooHigh else { return .indexTooHigh }
    switch mark.kind {
    case .none: return .record(isOpenList: isList)
    case .append: return isList ? .record(isOpenList: true) : .unknown
    case .element(let index):
      guard isList else { return .unknown }
      return index > JSONPath.maximumIndex ? .indexTooHigh : .record(isOpenList: false)
    }
  }

  /// Writes the names without brackets and indices, parted by dots; nil if it is no such name.
  private static func split(
    _ name: Span<UInt8>, into path: inout ByteWriter
  ) -> (indices: UInt128, isTooHigh: Bool)? {
    var indices: UInt128 = 0
    var isTooHigh = false
    var depth = 0
    var at = name.endOfName(from: 0)
    guard at > 0 else { return nil }
    path.append(name, 0..<at)
    while at < name.count {
      let isBracket = name[at] == UInt8(ascii: "[")
      guard isBracket || name[at] == UInt8(ascii: ".") else { return nil }
      let start = at &+ 1
      let end = name.endOfName(from: start)
      guard end > start else { return nil }
      at = end
      if isBracket {
        guard at < name.count, name[at] == UInt8(ascii: "]") else { return nil }
        at &+= 1
      }
      if isBracket, name[start].decimalDigit != nil {
        // One element of the record before; no two indices in a row.
        guard indices >> (depth * 8) & 0xff == 0, let index = name.decimal(at: start..<end) else {
          return nil
        }
        isTooHigh = isTooHigh || index > JSONPath.maximumIndex
        indices |= UInt128(min(index, JSONPath.maximumIndex) + 1) << (depth * 8)
      } else {
        depth += 1
        guard depth < 16 else { return nil }
        path.append(UInt8(ascii: "."))
        path.append(name, start..<end)
      }
    }
    return (indices, isTooHigh)
  }
}

extension Span where Element == UInt8 {
  /// The end of the name at `start`: up to the first `.` or `[`.
  fileprivate func endOfName(from start: Int) -> Int {
    var at = start
    while at < count {
      switch self[at] {
      case UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "]"): return at
      default: at &+= 1
      }
    }
    return at
  }
}
