// SPDX-License-Identifier: MIT
import Bytes
import TimeZones

/// The pattern that says which table a row goes to: the template table's name plus the suffix that this makes
/// from the row (BigQuery's `templateSuffix`).
///
/// `{column}` is the encoded value of a column, `{bucket:column:N}` one of N groups of its values;
/// `{date}`, `{month}` and `{hour}` are the event's, in a time zone. Everything else is a letter but `Z`,
/// a digit, or `_`. A class, since a row's way through the loader would copy a value's parts several times.
public final class TemplateSuffix: Sendable {
  package enum Part: Equatable, Sendable {
    case literal(String)
    /// Index into `columns`.
    case column(Int)
    case bucket(Int, of: Int)
    /// The number of characters of `YYYYMMDDHH`.
    case time(characters: Int)
  }

  package let parts: [Part]
  /// Names of the columns that the pattern uses.
  package let columns: [[UInt8]]
  private let zone: ZoneOffsets

  /// No suffix: rows go to the table itself.
  public static let none = TemplateSuffix(parts: [], columns: [], zone: .utc)

  private init(parts: [Part], columns: [[UInt8]], zone: ZoneOffsets) {
    self.parts = parts
    self.columns = columns
    self.zone = zone
  }

  package convenience init(pattern: String, zone: ZoneOffsets = .utc) throws(TemplateSuffixError) {
    var parts: [Part] = []
    var columns: [[UInt8]] = []
    var rest = Substring(pattern)
    while let first = rest.first {
      if first == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw TemplateSuffixError("a { has no }")
        }
        let inside = rest[rest.index(after: rest.startIndex)..<end]
        parts.append(try Self.placeholder(inside, &columns))
        rest = rest[rest.index(after: end)...]
      } else {
        let literal = rest.prefix { $0 != "{" }
        // An encoded byte begins with `Z`, so a literal may not contain it.
        guard literal.utf8.allSatisfy({ $0.isNameByte && $0 != UInt8(ascii: "Z") }) else {
          throw TemplateSuffixError("'\(literal)' is not only letters without Z, digits and _")
        }
        parts.append(.literal(String(literal)))
        rest = rest.dropFirst(literal.count)
      }
    }
    guard pattern.utf8.count <= 256, columns.count <= 4 else {
      throw TemplateSuffixError("allowed are up to 256 characters and 4 columns")
    }
    try Self.checkSeparation(parts)
    self.init(parts: parts, columns: columns, zone: zone)
  }

  /// Whether visitors decide how many tables there are.
  package var makesAnyNumberOfTables: Bool {
    parts.contains { if case .column = $0 { true } else { false } }
  }

  /// Whether it can't be taken for the end of a table's own name.
  package var beginsWithUnderscore: Bool {
    guard let first = parts.first else { return true }
    if case .literal(let text) = first { return text.hasPrefix("_") }
    return false
  }

  /// The longest suffix that it can make.
  package var maxLength: Int {
    parts.reduce(0) { sum, part in
      switch part {
      case .literal(let text): sum + text.utf8.count
      case .column: sum + SuffixEncoding.maxBytes
      case .bucket(_, let count): sum + max(2, String(count - 1).count)
      case .time(let characters): sum + characters
      }
    }
  }

  /// The name, as the pattern has it, of a column that is not one of `names`.
  package func columnMissing(from names: Set<String>) -> String? {
    columns.lazy.map { String(decoding: $0, as: UTF8.self) }.first { !names.contains($0) }
  }

  /// The value that the allow-list is about: that of the first column.
  package func firstColumn(of facts: RowFacts) -> JSONValue? {
    for case .column(let index) in parts { return facts.values[index] }
    return nil
  }

  /// Where rows go that may not have a table of their own: `_Zo`, and the pattern's time if it has one.
  package func overflow(for facts: RowFacts) -> String {
    var suffix = ByteWriter(capacity: 16)
    suffix.append(SuffixEncoding.overflow)
    for case .time(let characters) in parts {
      suffix.append(UInt8(ascii: "_"))
      appendTime(facts.time, characters, to: &suffix)
      break
    }
    return suffix.bytes.span.string
  }

  /// The suffix of a row.
  package func text(for facts: RowFacts, in row: Span<UInt8>) -> String {
    guard !parts.isEmpty else { return "" }
    var suffix = ByteWriter(capacity: 64)
    for part in parts {
      switch part {
      case .literal(let text): suffix.append(text)
      case .column(let index): SuffixEncoding.append(facts.values[index], of: row, to: &suffix)
      case .bucket(let index, let count):
        appendBucket(facts.values[index], of: row, count, to: &suffix)
      case .time(let characters): appendTime(facts.time, characters, to: &suffix)
      }
    }
    if suffix.count == 0 { suffix.append(SuffixEncoding.empty) }
    return suffix.bytes.span.string
  }

  /// The group of a value, with as many digits as the last group has. Equal values are in one group in
  /// every process and for ever: it comes from the SHA-256 of the encoded value.
  private func appendBucket(
    _ value: JSONValue?, of row: Span<UInt8>, _ count: Int, to suffix: inout ByteWriter
  ) {
    guard let value else { return suffix.append(SuffixEncoding.missing) }
    var encoded = ByteWriter(capacity: 64)
    SuffixEncoding.append(value, of: row, to: &encoded)
    var number: UInt64 = 0
    for byte in SHA256.digest(encoded.bytes.span).prefix(8) { number = number << 8 | UInt64(byte) }
    suffix.append(decimal: number % UInt64(count), digits: String(count - 1).count)
  }

  private func appendTime(_ time: Timestamp?, _ characters: Int, to suffix: inout ByteWriter) {
    guard let time else { return suffix.append(SuffixEncoding.missing) }
    // At the very ends of the calendar there is no other zone than UTC.
    let local = Timestamp(seconds: time.seconds + Int64(zone.offset(at: time.seconds))) ?? time
    let start = suffix.count
    suffix.append(compactDate: local.date)
    suffix.append(decimal: UInt64(local.timeOfDay.seconds / 3600), digits: 2)
    suffix.truncate(to: start + characters)
  }

  // MARK: Reading the pattern

  private static func placeholder(
    _ inside: Substring, _ columns: inout [[UInt8]]
  ) throws(TemplateSuffixError) -> Part {
    switch inside {
    case "date": return .time(characters: 8)
    case "month": return .time(characters: 6)
    case "hour": return .time(characters: 10)
    default: break
    }
    let words = inside.split(separator: ":", omittingEmptySubsequences: false)
    if words.count == 3, words[0] == "bucket" {
      guard let count = Int(words[2]), (2...1000).contains(count) else {
        throw TemplateSuffixError("{\(inside)} needs a number of buckets from 2 to 1000")
      }
      return .bucket(try column(words[1], &columns), of: count)
    }
    return .column(try column(inside, &columns))
  }

  private static func column(
    _ name: Substring, _ columns: inout [[UInt8]]
  ) throws(TemplateSuffixError) -> Int {
    guard let first = name.utf8.first, first == UInt8(ascii: "_") || !(0x30...0x39).contains(first),
      name.utf8.allSatisfy(\.isNameByte), name.utf8.count <= 300
    else {
      throw TemplateSuffixError(
        "{\(name)} is no column, {date}, {month}, {hour} or {bucket:column:N}")
    }
    columns.append(Array(name.utf8))
    return columns.count - 1
  }

  /// Only `_` never occurs in an encoded value, so only it keeps two of them apart.
  private static func checkSeparation(_ parts: [Part]) throws(TemplateSuffixError) {
    var isOpen = false
    for part in parts {
      switch part {
      case .literal(let text): if text.contains("_") { isOpen = false }
      case .column, .bucket:
        guard !isOpen else {
          throw TemplateSuffixError("two columns need a _ between them")
        }
        isOpen = true
      case .time: break
      }
    }
  }
}

/// The fault of a pattern, as the end of a sentence.
public struct TemplateSuffixError: Error, CustomStringConvertible {
  public let description: String
  package init(_ description: String) { self.description = description }
}
