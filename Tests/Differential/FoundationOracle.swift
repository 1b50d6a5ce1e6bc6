// SPDX-License-Identifier: MIT
import Foundation

/// What Foundation reads, for as much as it reads at all.
enum FoundationOracle {
  /// The reading of a query, or nil where URLComponents takes the URL for none: it knows neither bytes
  /// that are not ASCII nor a `%` without two digits.
  static func query(_ input: [UInt8]) -> [UInt8]? {
    guard input.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }) else {
      return nil
    }
    let text = "http://h/?" + String(decoding: input, as: UTF8.self)
    guard
      let items = URLComponents(string: text, encodingInvalidCharacters: false)?
        .percentEncodedQueryItems
    else { return nil }
    var reading: [UInt8] = []
    for item in items {
      // It makes an item of nothing between two `&`.
      if item.name.isEmpty, item.value == nil { continue }
      guard let name = decoded(item.name), let value = decoded(item.value ?? "") else { return nil }
      reading += Array(name.utf8) + [0xff] + Array(value.utf8) + [0xfe]
    }
    return reading
  }

  /// Nil for bytes that are not UTF-8. It leaves the plus that stands for a space.
  private static func decoded(_ text: String) -> String? {
    (text.contains("+") ? text.replacingOccurrences(of: "+", with: "%20") : text)
      .removingPercentEncoding
  }

  /// What JSONSerialization makes of a document; nil if it refuses it.
  static func json(_ input: [UInt8]) -> Any? {
    try? JSONSerialization.jsonObject(with: Data(input), options: .fragmentsAllowed)
  }

  /// Whether `reading`, which is ours, has the same values as Foundation's object.
  static func agrees(_ object: Any, with reading: [UInt8]) -> Bool {
    var rest = reading[...]
    return agrees(object, &rest) && rest.isEmpty
  }

  private static func agrees(_ object: Any, _ rest: inout ArraySlice<UInt8>) -> Bool {
    guard let mark = rest.popFirst() else { return false }
    switch mark {
    case UInt8(ascii: "\""):
      // Bytes, as strings are equal if they only look alike.
      return (object as? String).map { $0.utf8.elementsEqual(text(&rest)) } ?? false
    case UInt8(ascii: "#"):
      let digits = String(decoding: text(&rest), as: UTF8.self)
      return (object as? NSNumber)?.doubleValue == Double(digits)
    case UInt8(ascii: "t"): return object as? Bool == true
    case UInt8(ascii: "f"): return object as? Bool == false
    case UInt8(ascii: "0"): return object is NSNull
    case UInt8(ascii: "["):
      guard let elements = object as? [Any] else { return false }
      for element in elements where !agrees(element, &rest) { return false }
      return rest.popFirst() == UInt8(ascii: "]")
    default:
      guard let members = object as? [String: Any] else { return false }
      var count = 0
      while rest.first != UInt8(ascii: "}") {
        let name = String(decoding: text(&rest).dropFirst(), as: UTF8.self)
        guard let value = members[name], agrees(value, &rest) else { return false }
        count += 1
      }
      rest.removeFirst()
      return count == members.count
    }
  }

  /// Whether an object in `reading` has a name twice, or two that look alike, which are equal as strings.
  static func hasRepeatedName(_ reading: [UInt8]) -> Bool {
    var rest = reading[...]
    return hasRepeatedName(&rest)
  }

  private static func hasRepeatedName(_ rest: inout ArraySlice<UInt8>) -> Bool {
    var found = false
    switch rest.popFirst() {
    case UInt8(ascii: "\""), UInt8(ascii: "#"): _ = text(&rest)
    case UInt8(ascii: "["):
      while rest.first != UInt8(ascii: "]") { found = hasRepeatedName(&rest) || found }
      rest.removeFirst()
    case UInt8(ascii: "{"):
      var names: Set<String> = []
      while rest.first != UInt8(ascii: "}") {
        let name = String(decoding: text(&rest).dropFirst(), as: UTF8.self)
        found = !names.insert(name).inserted || found
        found = hasRepeatedName(&rest) || found
      }
      rest.removeFirst()
    default: break
    }
    return found
  }

  private static func text(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let text = rest.prefix { $0 != 0xff }
    rest = rest.dropFirst(text.count + 1)
    return text
  }
}
