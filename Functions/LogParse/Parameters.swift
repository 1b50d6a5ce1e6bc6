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
    /// The next value for the same column, or -1.
    fileprivate(set) var next: Int32 = -1
  }

  /// A value for a field inside a RECORD.
  struct FieldValue {
    let place: FieldTree.Place
    let range: Range<Int>
    let isEncoded: Bool
  }

  private let names: ControlParameters
  private var values: [Value] = []
  /// By column: its first and last value, or -1.
  private var first: [Int32]
  private var last: [Int32]
  /// In the order they came.
  private(set) var fieldValues: [FieldValue] = []
  private var name = ByteWriter()
  private var path = ByteWriter()
  private(set) var leftOut = LeftOut()
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
    leftOut = LeftOut()
    isTest = false
    for column in first.indices { first[column] = -1 }
    var parameters = QueryString(query)
    while let parameter = parameters.next(in: url) {
      if let column = self.column(for: parameter, in: url, plan) {
        take(parameter, column, plan)
      } else {
        takeOther(parameter, in: url, plan)
      }
    }
  }

  /// The values for a column, in the order they came.
  func firstValue(of column: Int) -> Value? { value(at: first[column]) }

  func value(after value: Value) -> Value? { self.value(at: value.next) }

  private func value(at index: Int32) -> Value? { index < 0 ? nil : values[Int(index)] }

  private mutating func column(
    for parameter: QueryParameter, in url: Span<UInt8>, _ plan: RowPlan
  ) -> Int? {
    guard parameter.nameIsEncoded else {
      return plan.parameterColumn(url.extracting(parameter.name))
    }
    guard parameter.name.count <= Self.maximumNameBytes else { return nil }
    name.removeAll()
    name.append(formDecoding: url, parameter.name)
    return plan.parameterColumn(name.bytes.span)
  }

  private mutating func take(_ parameter: QueryParameter, _ column: Int, _ plan: RowPlan) {
    // A column that holds one value keeps the first.
    guard first[column] < 0 || plan.columns[column].mode == .repeated else {
      leftOut.repeated += 1
      return
    }
    guard values.count + fieldValues.count < Self.maximum else {
      leftOut.overLimit += 1
      return
    }
    let index = Int32(values.count)
    if first[column] < 0 {
      first[column] = index
    } else {
      values[Int(last[column])].next = index
    }
    last[column] = index
    values.append(Value(range: parameter.value, isEncoded: parameter.valueIsEncoded))
  }

  /// What is no column: a field inside a RECORD, a parameter that steers us, or nothing of ours.
  private mutating func takeOther(
    _ parameter: QueryParameter, in url: Span<UInt8>, _ plan: RowPlan
  ) {
    guard parameter.name.count <= Self.maximumNameBytes else {
      leftOut.nameTooLong += 1
      return
    }
    if names.isTest(parameter, in: url) {
      isTest = true
    } else if let fields = plan.fields {
      takeField(parameter, in: url, fields)
    } else if !names.contain(parameter, in: url) {
      leftOut.unknown += 1
    }
  }

  private mutating func takeField(
    _ parameter: QueryParameter, in url: Span<UInt8>, _ fields: FieldTree
  ) {
    name.removeAll()
    name.append(formDecoding: url, parameter.name)
    // Another reference to the bytes: a span of `self.name` would lock all of `self`.
    let name = self.name
    switch fields.find(name.bytes.span, &path) {
    case .unknown: if !names.contain(parameter, in: url) { leftOut.unknown += 1 }
    case .indexTooHigh: leftOut.overLimit += 1
    case .place(let place):
      guard
        fields.nodes[place.leaf].column.mode == .repeated
          || !fieldValues.contains(where: { $0.place == place })
      else {
        leftOut.repeated += 1
        return
      }
      guard values.count + fieldValues.count < Self.maximum else {
        leftOut.overLimit += 1
        return
      }
      fieldValues.append(
        FieldValue(
          place: place, range: parameter.value, isEncoded: parameter.valueIsEncoded))
    }
  }
}
