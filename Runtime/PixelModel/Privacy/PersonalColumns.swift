// SPDX-License-Identifier: MIT
import Bytes
import Settings

/// Which columns hold facts about a person: those that are emptied under a privacy signal.
///
/// The list is a file like `infra/privacy.json`: `{"personal": ["remote_ip", "user_agent"]}`.
public struct PersonalColumns: Sendable, Equatable {
  public let names: [String]
  private let bytes: [[UInt8]]

  public init(_ names: [String]) {
    self.names = names
    bytes = names.map { Array($0.utf8) }
  }

  /// The columns without a file, the same as in the file that is shipped.
  public static let standard = PersonalColumns(["remote_ip", "user_agent"])

  /// Reads `PRIVACY_LIST`.
  static func read(_ reader: inout SettingsReader) -> PersonalColumns {
    let path = reader.optionalText(
      "PRIVACY_LIST", "file that lists the personal columns; without one remote_ip and user_agent")
    guard let path else { return .standard }
    do {
      return try PersonalColumns(json: try readFile(path, limit: 1 << 20))
    } catch {
      reader.fail(SettingsError("PRIVACY_LIST is '\(path)', which can't be used: \(error)"))
      return .standard
    }
  }

  /// Reads the list from its file's bytes.
  public init(json: [UInt8]) throws(PrivacyListError) {
    let names: [String]?
    do throws(JSONError) { names = try Self.names(in: json.span) } catch {
      throw PrivacyListError("it is not JSON: \(error)")
    }
    guard let names else {
      throw PrivacyListError("allowed is {\"personal\": [names of columns]} and nothing else")
    }
    self.init(names)
  }

  /// Nil if it is JSON but not such a list.
  private static func names(in json: Span<UInt8>) throws(JSONError) -> [String]? {
    var scanner = JSONScanner()
    var names: [String]?
    guard try scanner.peek(in: json) == .object else { return nil }
    try scanner.enterObject(in: json)
    while let member = try scanner.nextMember(in: json) {
      guard member.equals("personal", in: json), names == nil,
        try scanner.peek(in: json) == .array
      else { return nil }
      var list: [String] = []
      try scanner.enterArray(in: json)
      while try scanner.nextElement(in: json) {
        guard let name = try scanner.value(in: json).string else { return nil }
        list.append(name.string(in: json))
      }
      names = list
    }
    try scanner.finish(in: json)
    return names
  }

  public func contains(_ name: StaticString) -> Bool { name.withSpan { contains(column: $0) } }

  public func contains(column name: Span<UInt8>) -> Bool {
    for each in bytes where name.equals(each.span, at: 0..<name.count) { return true }
    return false
  }

  /// Whether a parameter of this name fills a personal column, or a part of one: `user.mail` and
  /// `user[0]` are parts of `user`.
  public func contains(parameter name: Span<UInt8>) -> Bool {
    for each in bytes where name.count >= each.count {
      guard name.equals(each.span, at: 0..<each.count) else { continue }
      if name.count == each.count { return true }
      let next = name[each.count]
      if next == UInt8(ascii: ".") || next == UInt8(ascii: "[") { return true }
    }
    return false
  }
}

/// Why a list of personal columns cannot be used: half a sentence, to stand behind a colon.
public struct PrivacyListError: Error, CustomStringConvertible {
  public let description: String
  init(_ description: String) { self.description = description }
}

extension ByteWriter {
  /// Appends the parameters in `query`, a part of `url`, without those that fill personal columns.
  public mutating func append(
    query: Range<Int>, of url: Span<UInt8>, without personal: PersonalColumns
  ) {
    var parameters = QueryString(query)
    var name = ByteWriter(capacity: 64)
    var isFirst = true
    while let parameter = parameters.next(in: url) {
      name.removeAll()
      let meant = parameter.withoutEscapedAmpersand(in: url) ?? parameter
      name.append(formDecoding: url, meant.name)
      guard !personal.contains(parameter: name.bytes.span) else { continue }
      if !isFirst { append(UInt8(ascii: "&")) }
      isFirst = false
      append(url, parameter.name.lowerBound..<parameter.value.upperBound)
    }
  }
}
