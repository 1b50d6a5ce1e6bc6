// SPDX-License-Identifier: MIT
import Bytes

/// The query parameters that go into columns, gathered in one walk over the query.
///
/// Reused from entry to entry, so that it stops allocating after the first few.
struct Parameters {
  /// How many parameters one event may bring into columns; bounds the work for hostile URLs.
  static let maximum = 256
  /// How many bytes the name of a parameter may have, still encoded.
  static let maximumNameBytes = 1024

  struct Value {
    /// Where the value lies in the URL, still encoded.
    let range: Range<Int>
    let isEncoded: Bool
    /// Where the name says which part of a JSON column this is: `.a.b`; empty for a whole value.
    let path: Range<Int>
    /// The next value for the same column, or -1.
    fileprivate(set) var next: Int32 = -1
    /// Which element of a list it is, by its name; behind all others if the name does not say.
    let element: Int32
  }

  /// Stands for the index of an element whose name has none.
  static let anyElement = Int32.max

  /// A value for a field inside a RECORD.
  struct FieldValue {
    let place: FieldTree.Place
    let range: Range<Int>
    let isEncoded: Bool
    /// As of a `Value`.
    let path: Range<Int>
    let element: Int32
  }

  private let names: ControlParameters
  private var values: [Value] = []
  /// By column: its first and last value, or -1.
  private var first: [Int32]
  private var last: [Int32]
  /// In the order they came.
  private(set) var fieldValues: [FieldValue] = []
  /// Whether a name has said which element of a list its value is.
  private(set) var hasElements = false
  /// The values that name a RECORD or come from its text, and can't be a part of it.
  var misfits: [QueryParameter] = []
  /// The names that no column has, the first of them.
  private(set) var unknownNames: [Range<Int>] = []
  /// Parameters behind an ampersand that was escaped once too often, without that.
  private var escaped: [QueryParameter] = []
  /// RECORDs that came whole, perhaps as JSON text.
  var texts: [(parameter: QueryParameter, isOpenList: Bool)] = []
  private var name = ByteWriter()
  private var path = ByteWriter()
  private(set) var omitted = OmittedParameters()
  /// Whether the hit says that it is a test.
  private(set) var isTest = false

  init(columns: Int, names: ControlParameters) {
    self.names = names
    first = Array(repeating: -1, count: columns)
    last = first
    values.reserveCapacity(Self.maximum)
  }

  /// Takes the parameters of `query` that have a column of their name in the plan.
  mutating func read(_ url: Span<UInt8>, query: Range<Int>, for plan: RowPlan) {
    values.removeAll(keepingCapacity: true)
    fieldValues.removeAll(keepingCapacity: true)
    omitted = OmittedParameters()
    isTest = false
    hasElements = false
    if !misfits.isEmpty { misfits.removeAll(keepingCapacity: true) }
    if !unknownNames.isEmpty { unknownNames.removeAll(keepingCapacity: true) }
    if !texts.isEmpty { texts.removeAll(keepingCapacity: true) }
    for column in first.indices { first[column] = -1 }
    var parameters = QueryString(query)
    while let parameter = parameters.next(in: url) { take(parameter, in: url, plan) }
    guard !escaped.isEmpty else { return }
    // After all that were written as they were meant.
    for parameter in escaped { take(parameter, in: url, plan) }
    escaped.removeAll(keepingCapacity: true)
  }

  @inline(__always)
  private mutating func take(
    _ parameter: QueryParameter, in url: Span<UInt8>, _ plan: RowPlan
  ) {
    if let column = self.column(for: parameter, in: url, plan) {
      take(parameter, column, plan)
    } else {
      takeOther(parameter, in: url, plan)
    }
  }

  /// The values for a column, in the order they came.
  func firstValue(of column: Int) -> Value? { value(at: first[column]) }

  func value(after value: Value) -> Value? { self.value(at: value.next) }

  /// The values for a list whose names have an index, sorted by it, then the others; nil if no name has one.
  /// Of those with the same index the first counts.
  func ordered(from first: Value) -> (values: [Value], repeated: Int)? {
    var all: [Value] = []
    var next: Value? = first
    while let value = next {
      all.append(value)
      next = self.value(after: value)
    }
    guard all.contains(where: { $0.element != Self.anyElement }) else { return nil }
    let order = all.indices.sorted { (all[$0].element, $0) < (all[$1].element, $1) }
    var kept: [Value] = []
    for index in order
    where all[index].element == Self.anyElement || kept.last?.element != all[index].element {
      kept.append(all[index])
    }
    return (kept, all.count - kept.count)
  }

  private func value(at index: Int32) -> Value? { index < 0 ? nil : values[Int(index)] }

  private mutating func column(
    for parameter: QueryParameter, in url: Span<UInt8>, _ plan: RowPlan
  ) -> Int? {
    guard parameter.nameIsEncoded else {
      return plan.parameterColumn(url.extracting(parameter.name))
    }
    guard parameter.name.count <= Self.maximumNameBytes else { return nil }
    return self.column(decoding: parameter.name, in: url, plan)
  }

  private mutating func column(
    decoding range: Range<Int>, in url: Span<UInt8>, _ plan: RowPlan
  ) -> Int? {
    name.removeAll()
    name.append(formDecoding: url, range)
    return plan.parameterColumn(name.bytes.span)
  }

  private mutating func take(
    _ parameter: QueryParameter, _ column: Int, _ plan: RowPlan, path: Range<Int> = 0..<0,
    element: Int32 = anyElement
  ) {
    guard first[column] < 0 || mayFollow(column, plan, path) else {
      omitted.repeated += 1
      return
    }
    guard values.count + fieldValues.count < Self.maximum else {
      omitted.overLimit += 1
      return
    }
    let index = Int32(values.count)
    if first[column] < 0 {
      first[column] = index
    } else {
      values[Int(last[column])].next = index
    }
    last[column] = index
    values.append(
      Value(
        range: parameter.value, isEncoded: parameter.valueIsEncoded, path: path, element: element))
  }

  /// A column that holds one value keeps the first, with all its parts if it came in parts.
  private func mayFollow(_ column: Int, _ plan: RowPlan, _ path: Range<Int>) -> Bool {
    let isPart = !path.isEmpty
    guard isPart || plan.columns[column].mode == .repeated else { return false }
    return firstValue(of: column)?.path.isEmpty != isPart
  }

  /// A parameter that fills no top-level column: a RECORD field, a control parameter, or an unknown name.
  private mutating func takeOther(
    _ parameter: QueryParameter, in url: Span<UInt8>, _ plan: RowPlan
  ) {
    guard parameter.name.count <= Self.maximumNameBytes else {
      omitted.nameTooLong += 1
      return
    }
    if names.isTest(parameter, in: url) {
      isTest = true
    } else if takePart(parameter, in: url, plan) {
      return
    } else if let fields = plan.fields {
      takeField(parameter, in: url, fields)
    } else {
      takeUnknown(parameter, in: url)
    }
  }

  /// A parameter that no column has; but perhaps one that was meant otherwise.
  private mutating func takeUnknown(_ parameter: QueryParameter, in url: Span<UInt8>) {
    if let meant = parameter.withoutEscapedAmpersand(in: url) {
      escaped.append(meant)
    } else if !names.contain(parameter, in: url) {
      omitted.unknown += 1
      if unknownNames.count < Self.maximum { unknownNames.append(parameter.name) }
    }
  }

  /// A part of a JSON column, `properties.a`, or an element of a list in the way of PHP, `tags[]` or `tags[0]`;
  /// false if it is neither.
  private mutating func takePart(
    _ parameter: QueryParameter, in url: Span<UInt8>, _ plan: RowPlan
  ) -> Bool {
    let end = url.endOfPathName(in: parameter.name)
    guard end < parameter.name.upperBound,
      let column = column(decoding: parameter.name.lowerBound..<end, in: url, plan)
    else { return false }
    let rest = end..<parameter.name.upperBound
    guard plan.columns[column].type == .json else {
      guard plan.columns[column].mode == .repeated else { return false }
      var path = JSONPath(rest)
      switch path.next(in: url) {
      case .oneMore: take(parameter, column, plan)
      case .element(let index, _) where path.position == rest.upperBound:
        guard index < Self.maximum else {
          omitted.overLimit += 1
          return true
        }
        hasElements = true
        take(parameter, column, plan, element: Int32(index))
      default: return false
      }
      return true
    }
    switch JSONPath(rest).verdict(in: url) {
    case .good: take(parameter, column, plan, path: rest)
    case .tooFar: omitted.overLimit += 1
    case .invalid: return false
    }
    return true
  }

  private mutating func takeField(
    _ parameter: QueryParameter, in url: Span<UInt8>, _ fields: FieldTree
  ) {
    switch find(parameter.name, in: url, fields) {
    case .unknown:
      if !takeFieldPart(parameter, in: url, fields) { takeUnknown(parameter, in: url) }
    case .indexTooHigh: omitted.overLimit += 1
    case .place(let place, let element): take(parameter, place, fields, element: element)
    case .record(let isOpenList): texts.append((parameter, isOpenList))
    }
  }

  mutating func find(
    _ range: Range<Int>, in url: Span<UInt8>, _ fields: FieldTree
  ) -> FieldTree.Lookup {
    name.removeAll()
    name.append(formDecoding: url, range)
    // Another reference to the bytes: a span of `self.name` would lock all of `self`.
    let name = self.name
    return fields.find(name.bytes.span, &path)
  }

  mutating func take(
    _ parameter: QueryParameter, _ place: FieldTree.Place, _ fields: FieldTree,
    path: Range<Int> = 0..<0, element: Int? = nil
  ) {
    let isList = fields.nodes[place.leaf].column.mode == .repeated
    if !isList || fields.hasJSON, let before = fieldValues.first(where: { $0.place == place }) {
      guard before.path.isEmpty == path.isEmpty, isList || !path.isEmpty else {
        omitted.repeated += 1
        return
      }
    }
    guard values.count + fieldValues.count < Self.maximum else {
      omitted.overLimit += 1
      return
    }
    if element != nil { hasElements = true }
    fieldValues.append(
      FieldValue(
        place: place, range: parameter.value, isEncoded: parameter.valueIsEncoded, path: path,
        element: element.map { Int32($0) } ?? Self.anyElement))
  }

  /// A part of a JSON field inside a RECORD, `item.extra.a`; false if the name is not of that form.
  mutating func takeFieldPart(
    _ parameter: QueryParameter, in url: Span<UInt8>, _ fields: FieldTree
  ) -> Bool {
    guard fields.hasJSON else { return false }
    var steps = JSONPath(parameter.name)
    // The beginning of the name is the RECORD's own column.
    steps.skipName(in: url)
    for _ in 0..<JSONPath.maximumDepth {
      guard let step = steps.next(in: url), step != .invalid else { return false }
      let rest = steps.position..<parameter.name.upperBound
      guard !rest.isEmpty else { return false }
      switch find(parameter.name.lowerBound..<rest.lowerBound, in: url, fields) {
      case .place(let place, _) where fields.nodes[place.leaf].column.type == .json:
        switch JSONPath(rest).verdict(in: url) {
        case .good: take(parameter, place, fields, path: rest)
        case .tooFar: omitted.overLimit += 1
        case .invalid: return false
        }
        return true
      case .indexTooHigh:
        omitted.overLimit += 1
        return true
      default: continue
      }
    }
    return false
  }
}
