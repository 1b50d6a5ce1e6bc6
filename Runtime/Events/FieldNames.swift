// SPDX-License-Identifier: MIT
import Bytes

/// The members of a JSON object that are read, by their camelCase and snake_case names.
struct FieldNames<Field: Sendable>: Sendable {
  private let index: NameIndex
  private let found: [(field: Field, isSnakeCase: Bool)]

  /// Each field with its name in camelCase.
  init(_ fields: [(Field, String)]) {
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
  @inline(__always)
  func find(
    _ name: JSONString, in bytes: Span<UInt8>
  ) -> (field: Field, isSnakeCase: Bool)? {
    let position =
      name.hasEscapes
      ? index.find(name.text(in: bytes).span) : index.find(bytes.extracting(name.range))
    return position.map { found[$0] }
  }
}
