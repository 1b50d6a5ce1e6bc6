// SPDX-License-Identifier: MIT

/// One JSON value. Members keep their order and numbers keep their text, so that what a request
/// said can be judged and shown exactly as it was said.
public indirect enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSON])
  case object(Members)

  /// The members of an object in the order they came. Of two with one name the last counts.
  public struct Members: Sendable, Equatable {
    public private(set) var names: [String] = []
    public private(set) var values: [JSON] = []

    public init() {}

    public subscript(name: String) -> JSON? {
      get { names.lastIndex(of: name).map { values[$0] } }
      set {
        if let index = names.lastIndex(of: name) {
          if let newValue { values[index] = newValue } else { remove(at: index) }
        } else if let newValue {
          append(name, newValue)
        }
      }
    }

    mutating func append(_ name: String, _ value: JSON) {
      names.append(name)
      values.append(value)
    }

    private mutating func remove(at index: Int) {
      names.remove(at: index)
      values.remove(at: index)
    }
  }
}

extension JSON {
  public subscript(name: String) -> JSON? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  public var string: String? { if case .string(let text) = self { text } else { nil } }
  public var array: [JSON]? { if case .array(let items) = self { items } else { nil } }
  public var members: Members? { if case .object(let members) = self { members } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var isNull: Bool { self == .null }

  /// A whole number, written as a number or, as Google writes 64-bit ones, as a string.
  public var integer: Int? {
    switch self {
    case .number(let text), .string(let text): Int(text)
    default: nil
    }
  }

  public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
}

extension JSON.Members: Sequence {
  public func makeIterator() -> Zip2Sequence<[String], [JSON]>.Iterator {
    zip(names, values).makeIterator()
  }

  public var isEmpty: Bool { names.isEmpty }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
  ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral
{
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(Members(elements))
  }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .number(String(value)) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(nilLiteral: ()) { self = .null }

  /// A number, as Swift writes it.
  public init(_ value: some BinaryInteger) { self = .number(String(value)) }
}

extension JSON.Members: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }

  public init(_ pairs: some Sequence<(String, JSON)>) {
    for (name, value) in pairs { append(name, value) }
  }
}
