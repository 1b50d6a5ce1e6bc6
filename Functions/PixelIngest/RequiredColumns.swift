// SPDX-License-Identifier: MIT
import Bytes
import PixelModel

/// Which parameters an event needs, by LogParse's contracts, so that an event which none of them would take is
/// refused while its sender listens.
struct RequiredColumns: Sendable {
  /// For each contract the names of the columns that nothing but a parameter fills.
  private let byContract: [[[UInt8]]]

  init(_ contracts: Contracts) {
    byContract = contracts.all.map { contract in
      contract.columns.filter(Self.needsParameter).map { Array($0.name.utf8) }
    }
  }

  private static func needsParameter(_ column: Column) -> Bool {
    guard column.mode == .required, !column.hasDefault else { return false }
    // The page is also known by the Referer header.
    return ReservedColumn(rawValue: column.name) == nil && column.name != "page_url"
  }

  /// The column that the first contract misses in an event with these parameters; nil if a contract has all
  /// that it requires.
  func missing(in query: Span<UInt8>, hasVisitor: Bool) -> String? {
    var first: [UInt8]?
    for required in byContract {
      var missing: [UInt8]?
      for name in required where missing == nil {
        if hasVisitor, name.span.equals("visitor_id") { continue }
        if !query.fillsColumn(named: name.span) { missing = name }
      }
      guard let missing else { return nil }
      first = first ?? missing
    }
    return first?.span.string
  }
}

extension Span where Element == UInt8 {
  /// Whether a parameter with a value names this column or a part of it.
  fileprivate func fillsColumn(named column: Span<UInt8>) -> Bool {
    var parameters = QueryString(0..<count)
    var name = ByteWriter(capacity: 64)
    while let each = parameters.next(in: self) {
      let parameter = each.withoutEscapedAmpersand(in: self) ?? each
      guard !parameter.value.isEmpty else { continue }
      name.removeAll()
      name.append(formDecoding: self, parameter.name)
      let text = name.bytes.span
      guard text.count >= column.count, text.equals(column, at: 0..<column.count) else { continue }
      guard text.count > column.count else { return true }
      let next = text[column.count]
      if next == UInt8(ascii: ".") || next == UInt8(ascii: "[") { return true }
    }
    return false
  }

  /// Whether this is the query of an envelope: it has no `type`, but a list of objects, or an object that has
  /// a type.
  var isEnvelope: Bool {
    var parameters = QueryString(0..<count)
    var hasInside = false
    while let parameter = parameters.next(in: self) {
      let name = extracting(parameter.name)
      if name.equals("type") { return false }
      guard name.count > 4 else { continue }
      let isTyped = name.equals(".type", at: max(0, name.count &- 5)..<name.count)
      hasInside = hasInside || isTyped || name.hasFirstElement
    }
    return hasInside
  }

  /// Whether the name has `[0].` in it.
  private var hasFirstElement: Bool {
    var at = firstIndex(of: UInt8(ascii: "["), in: 0..<count)
    while at &+ 4 <= count {
      if equals("[0].", at: at..<(at &+ 4)) { return true }
      at = firstIndex(of: UInt8(ascii: "["), in: (at &+ 1)..<count)
    }
    return false
  }
}
