// SPDX-License-Identifier: MIT
import Bytes

/// A JSON value that came in parts, one parameter each: `.a.b=1&.tags[]=x` is `{"a":{"b":1},"tags":["x"]}`.
///
/// Members stand in the order in which they came first, elements in the order of their indices. The first one
/// decides the kind: a value cannot become an object, nor an object a list.
struct JSONParts {
  private enum Kind { case new, value, object, list }

  private struct Node {
    /// In `names`; decoded.
    let name: Range<Int>
    /// In a list.
    let index: Int
    var kind = Kind.new
    var value = 0..<0
    var valueIsEncoded = false
    var firstChild = -1
    var lastChild = -1
    var next = -1
  }

  /// The first is the value itself.
  private var nodes: [Node] = []
  private var names = ByteWriter()
  private var name = ByteWriter()

  init() { removeAll() }

  mutating func removeAll() {
    names.removeAll()
    nodes.removeAll(keepingCapacity: true)
    nodes.append(Node(name: 0..<0, index: 0))
  }

  /// Takes a value; false if an earlier parameter has given its place another kind.
  mutating func add(
    _ value: Range<Int>, isEncoded: Bool, at path: Range<Int>, in url: Span<UInt8>
  ) -> Bool {
    var node = 0
    var steps = JSONPath(path)
    while let step = steps.next(in: url) {
      guard let child = child(of: node, step, in: url) else { return false }
      node = child
    }
    guard nodes[node].kind == .new else { return false }
    nodes[node].kind = .value
    nodes[node].value = value
    nodes[node].valueIsEncoded = isEncoded
    return true
  }

  private mutating func child(
    of node: Int, _ step: JSONPath.Step, in url: Span<UInt8>
  ) -> Int? {
    if nodes[node].kind == .new {
      if case .member = step { nodes[node].kind = .object } else { nodes[node].kind = .list }
    }
    switch (nodes[node].kind, step) {
    case (.object, .member(let name)), (.object, .element(_, let name)):
      return member(of: node, name, in: url)
    case (.list, .element(let index, _)):
      return child(of: node) { $0.index == index } ?? add(Node(name: 0..<0, index: index), to: node)
    case (.list, .oneMore):
      // Behind all that have an index.
      return add(Node(name: 0..<0, index: JSONPath.maximumIndex &+ nodes.count), to: node)
    default: return nil
    }
  }

  private mutating func member(
    of node: Int, _ range: Range<Int>, in url: Span<UInt8>
  ) -> Int {
    name.removeAll()
    name.append(formDecoding: url, range)
    let (name, names) = (self.name, self.names)
    let found = child(of: node) { names.bytes.span.equals(name.bytes.span, at: $0.name) }
    if let found { return found }
    let start = names.count
    self.names.append(name.bytes.span)
    return add(Node(name: start..<self.names.count, index: 0), to: node)
  }

  private func child(of node: Int, where matches: (Node) -> Bool) -> Int? {
    var child = nodes[node].firstChild
    while child >= 0, !matches(nodes[child]) { child = nodes[child].next }
    return child < 0 ? nil : child
  }

  private mutating func add(_ child: Node, to node: Int) -> Int {
    let place = nodes.count
    nodes.append(child)
    if nodes[node].firstChild < 0 {
      nodes[node].firstChild = place
    } else {
      nodes[nodes[node].lastChild].next = place
    }
    nodes[node].lastChild = place
    return place
  }

  /// The nodes that are the elements of the whole, if it is a list, else the whole.
  var elements: [Int] { nodes[0].kind == .list ? children(of: 0) : [0] }

  private func children(of node: Int) -> [Int] {
    var children: [Int] = []
    var child = nodes[node].firstChild
    while child >= 0 {
      children.append(child)
      child = nodes[child].next
    }
    if nodes[node].kind == .list {
      children.sort { (nodes[$0].index, $0) < (nodes[$1].index, $1) }
    }
    return children
  }

  /// Appends a node as JSON; the depth of the paths bounds the recursion.
  func append(_ node: Int = 0, of url: Span<UInt8>, to json: inout ByteWriter) {
    let this = nodes[node]
    guard this.kind != .value else {
      return Self.append(this.value, this.valueIsEncoded, of: url, to: &json)
    }
    let isList = this.kind == .list
    json.append(isList ? UInt8(ascii: "[") : UInt8(ascii: "{"))
    for (place, child) in children(of: node).enumerated() {
      if place > 0 { json.append(UInt8(ascii: ",")) }
      if !isList {
        json.append(json: names.bytes.span, nodes[child].name)
        json.append(UInt8(ascii: ":"))
      }
      append(child, of: url, to: &json)
    }
    json.append(isList ? UInt8(ascii: "]") : UInt8(ascii: "}"))
  }

  /// A value whose digits are encoded is text: `%35` is `"5"`.
  private static func append(
    _ value: Range<Int>, _ isEncoded: Bool, of url: Span<UInt8>, to json: inout ByteWriter
  ) {
    if isEncoded {
      json.append(jsonFormDecoding: url, value)
    } else if url.extracting(value).isPlainLiteral {
      json.append(url, value)
    } else {
      json.append(json: url, value)
    }
  }
}

extension RowEncoder {
  /// Writes a JSON column whose value came in parts, from `first` on.
  mutating func appendParts(
    _ parameters: Parameters, _ first: Parameters.Value, _ index: Int, _ url: Span<UInt8>,
    to row: inout ByteWriter
  ) -> Filling {
    parts.removeAll()
    var next: Parameters.Value? = first
    while let value = next {
      takePart(value.range, isEncoded: value.isEncoded, at: value.path, in: url)
      next = parameters.value(after: value)
    }
    return appendParts(plan.columns[index], url, to: &row)
  }

  mutating func takePart(
    _ value: Range<Int>, isEncoded: Bool, at path: Range<Int>, in url: Span<UInt8>
  ) {
    if !parts.add(value, isEncoded: isEncoded, at: path, in: url) { countRepeatedPart() }
  }

  /// Writes the column's key and the parts as the text of one JSON value, in a REPEATED column of one for
  /// each element.
  mutating func appendParts(
    _ column: RowPlan.PlannedColumn, _ url: Span<UInt8>, to row: inout ByteWriter
  ) -> Filling {
    row.append(plan.keys.span, column.key)
    let isList = column.mode == .repeated
    if isList { row.append(UInt8(ascii: "[")) }
    for (place, node) in (isList ? parts.elements : [0]).enumerated() {
      if place > 0 { row.append(UInt8(ascii: ",")) }
      text.removeAll()
      parts.append(node, of: url, to: &text)
      row.append(json: text.bytes.span)
    }
    if isList { row.append(UInt8(ascii: "]")) }
    return .filled
  }
}
