// SPDX-License-Identifier: MIT

/// The members of a JSON object that are read, by their camelCase and snake_case names.
public struct FieldNames<Field: Sendable>: Sendable {
  @usableFromInline let index: NameIndex
  @usableFromInline let found: [(field: Field, isSnakeCase: Bool)]

  /// Each field with its name in camelCase.
  public init(_ fields: [(Field, String)]) {
    var names: [[UInt8]] = []
    var found: [(field: Field, isSnakeCase: Bool)] = []
    for (field, camelCase) in fields {
      names.append(Array(camelCase.utf8))
      found.append((field, false))
      let snakeCase = camelCase.flatMap { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }
      guard snakeCase != Array(camelCase) else { continue }
      names.append(Array(String(snakeCase).utf8))
      found.append((field, true))
    }
    index = NameIndex(names)
    self.found = found
  }

  /// The field that has this name, however it is escaped.
  @inlinable @inline(__always)
  public func find(
    _ name: JSONString, in bytes: Span<UInt8>
  ) -> (field: Field, isSnakeCase: Bool)? {
    let position =
      name.hasEscapes
      ? index.find(name.text(in: bytes).span) : index.find(bytes.extracting(name.range))
    return position.map { found[$0] }
  }
}
