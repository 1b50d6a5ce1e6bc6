// SPDX-License-Identifier: MIT
import Bytes

/// The query parameters that go into columns, gathered in one walk over the query.
///
/// Reused from entry to entry, so that it stops allocating after the first few.
struct Parameters {
  /// How many parameters one event may bring into columns; bounds the work for hostile URLs.
  static let maximum = 256

  struct Value {
    /// Where the value lies in the URL, still encoded.
    let range: Range<Int>
    let isEncoded: Bool
    /// The next value for the same column, or -1.
    fileprivate(set) var next: Int32 = -1
  }

  private var values: [Value] = []
  /// By column: its first and last value, or -1.
  private var first: [Int32]
  private var last: [Int32]
  private var name = ByteWriter()
  /// How many were for a column but beyond `maximum`.
  private(set) var ignored = 0
  /// How many were for a column that holds one value and had it already.
  private(set) var repeated = 0

  init(columns: Int) {
    first = Array(repeating: -1, count: columns)
    last = first
    values.reserveCapacity(Self.maximum)
  }

  /// Takes the parameters of `query` that have a column of their name in the plan.
  mutating func read(_ url: Span<UInt8>, query: Range<Int>, for plan: RowPlan) {
    values.removeAll(keepingCapacity: true)
    ignored = 0
    repeated = 0
    for column in first.indices { first[column] = -1 }
    var parameters = QueryString(query)
    while let parameter = parameters.next(in: url) {
      if let column = self.column(for: parameter, in: url, plan) { take(parameter, column, plan) }
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
    name.removeAll()
    name.append(formDecoding: url, parameter.name)
    return plan.parameterColumn(name.bytes.span)
  }

  private mutating func take(_ parameter: QueryParameter, _ column: Int, _ plan: RowPlan) {
    // A column that holds one value keeps the first.
    guard first[column] < 0 || plan.columns[column].mode == .repeated else {
      repeated += 1
      return
    }
    guard values.count < Self.maximum else {
      ignored += 1
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
}
