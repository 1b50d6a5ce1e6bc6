// SPDX-License-Identifier: MIT
import Events

/// Why a suffix pattern cannot be used, in one sentence.
public struct TemplateSuffixError: Error, Equatable, CustomStringConvertible, Sendable {
  public let description: String
}

/// Reads a suffix pattern and refuses what could let two rows with different values share a table.
struct PatternReader {
  private(set) var parts: [TemplateSuffix.Part] = []
  private(set) var columns: [String] = []
  private let pattern: String
  /// Whether a column came since the last `_`.
  private var columnIsOpen = false

  /// The longest suffix a pattern may give: with a table name before it below BigQuery's 1,024.
  static let maximumLength = 800
  private var length = 0

  init(_ pattern: String) { self.pattern = pattern }

  mutating func read() throws(TemplateSuffixError) {
    guard !pattern.isEmpty else { return }
    // The view over all tables reads `pixel_*`.
    guard pattern.hasPrefix("_") else { throw failure("it has to begin with _") }
    var rest = pattern[...]
    while !rest.isEmpty {
      if rest.first == "{" {
        guard let end = rest.firstIndex(of: "}") else { throw failure("a { has no }") }
        try placeholder(String(rest[rest.index(after: rest.startIndex)..<end]))
        rest = rest[rest.index(after: end)...]
      } else {
        let end = rest.firstIndex(of: "{") ?? rest.endIndex
        try literal(String(rest[..<end]))
        rest = rest[end...]
      }
    }
    guard length <= Self.maximumLength else {
      throw failure("its suffixes could be longer than \(Self.maximumLength) characters")
    }
  }

  private mutating func literal(_ text: String) throws(TemplateSuffixError) {
    let bytes = Array(text.utf8)
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Y"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        continue
      case UInt8(ascii: "_"): columnIsOpen = false
      case UInt8(ascii: "Z"): throw failure("Z is used by the encoding of values")
      default: throw failure("outside of {} it can have letters, digits and _ only")
      }
    }
    length += bytes.count
    parts.append(.literal(bytes))
  }

  private mutating func placeholder(_ name: String) throws(TemplateSuffixError) {
    if let time = TemplateSuffix.TimePart(rawValue: name) {
      parts.append(.time(time))
      length += 10
      return
    }
    let isName = name.utf8.allSatisfy { byte in
      byte == UInt8(ascii: "_") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
        || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
    }
    guard isName, let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first)
    else {
      throw failure("{\(name)} is neither a column nor one of {date}, {month}, {hour}")
    }
    guard !columnIsOpen else {
      throw failure("between {\(name)} and the column before it there has to be a literal with _")
    }
    columnIsOpen = true
    let index = columns.firstIndex(of: name) ?? columns.count
    if index == columns.count { columns.append(name) }
    parts.append(.column(index))
    length += 128
  }

  private func failure(_ reason: String) -> TemplateSuffixError {
    TemplateSuffixError(
      description: "\"\(pattern)\" is no suffix pattern: \(reason); "
        + "an example is _{user_id}_{date}.")
  }
}
