// SPDX-License-Identifier: MIT
import Bytes

/// The parameters that steer the parser and are never columns.
public struct ControlParameters: Sendable {
  /// `_test=1`: judge the hit and keep nothing of it. Empty if no parameter asks for that.
  let test: [UInt8]
  /// `c=shop`: the contract. Empty: there is one contract only.
  let contract: [UInt8]

  public init(test: String = "_test", contract: String = "") {
    self.test = Array(test.utf8)
    self.contract = Array(contract.utf8)
  }

  /// Whether this parameter marks its hit as a test: the value is `1` or `true`.
  func isTest(_ parameter: QueryParameter, in url: Span<UInt8>) -> Bool {
    guard Self.text(url, parameter.name, parameter.nameIsEncoded, is: test) else { return false }
    let value = url.extracting(parameter.value)
    return value.equals("1") || value.equals("true")
  }

  /// Whether the query has a parameter that marks its hit as a test.
  func isTest(_ query: Range<Int>, in url: Span<UInt8>) -> Bool {
    var parameters = QueryString(query)
    while let parameter = parameters.next(in: url) {
      let meant = parameter.withoutEscapedAmpersand(in: url) ?? parameter
      if isTest(meant, in: url) { return true }
    }
    return false
  }

  /// The value of the first parameter that names a contract, its text in `name`; false if no parameter does.
  func findContract(_ query: Range<Int>, in url: Span<UInt8>, _ name: inout ByteWriter) -> Bool {
    var parameters = QueryString(query)
    var found: QueryParameter?
    while let parameter = parameters.next(in: url) {
      if isContract(parameter, in: url) {
        found = parameter
        break
      }
      guard found == nil, let meant = parameter.withoutEscapedAmpersand(in: url) else { continue }
      if isContract(meant, in: url) { found = meant }
    }
    guard let found else { return false }
    name.removeAll()
    name.append(formDecoding: url, found.value)
    return true
  }

  private func isContract(_ parameter: QueryParameter, in url: Span<UInt8>) -> Bool {
    Self.text(url, parameter.name, parameter.nameIsEncoded, is: contract)
  }

  /// Whether this parameter is a control parameter, with any value.
  func contain(_ parameter: QueryParameter, in url: Span<UInt8>) -> Bool {
    Self.text(url, parameter.name, parameter.nameIsEncoded, is: test)
      || Self.text(url, parameter.name, parameter.nameIsEncoded, is: contract)
  }

  private static func text(
    _ url: Span<UInt8>, _ range: Range<Int>, _ isEncoded: Bool, is name: [UInt8]
  ) -> Bool {
    // Encoded it is at most three times as long.
    guard !name.isEmpty, name.count <= range.count, range.count <= name.count &* 3 else {
      return false
    }
    guard isEncoded else { return url.equals(name.span, at: range) }
    var text = ByteWriter(capacity: range.count)
    text.append(formDecoding: url, range)
    return text.bytes == name
  }
}
