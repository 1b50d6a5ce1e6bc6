// SPDX-License-Identifier: MIT
import Bytes

/// The rules for attribute names and values (CloudEvents 1.0.2, "Naming Conventions" and "Type System").
enum EventText {
  /// Lower-case letters and digits. `data` is the payload's name.
  static func isName(_ name: String) -> Bool {
    !name.isEmpty && name != "data"
      && name.utf8.allSatisfy { ($0 &- 0x61 < 26) || ($0 &- 0x30 < 10) }
  }

  /// No control characters and no noncharacters. Surrogates cannot be in a `String`.
  static func isAllowed(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      switch scalar.value {
      case 0..<0x20, 0x7f..<0xa0, 0xfdd0...0xfdef: false
      default: scalar.value & 0xfffe != 0xfffe
      }
    }
  }

  /// RFC 3986 §4.1 by its characters. Letters outside ASCII are let through, since percent-decoding a
  /// header may make them.
  static func isURIReference(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0...0x20, 0x7f, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"),
          UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"),
          UInt8(ascii: "|"), UInt8(ascii: "}"):
          false
        default: true
        }
      }
  }

  /// With a scheme (RFC 3986 §3.1) and something behind it.
  static func isAbsoluteURI(_ text: String) -> Bool {
    let bytes = text.utf8
    guard isURIReference(text), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      colon != bytes.startIndex, bytes.index(after: colon) != bytes.endIndex
    else { return false }
    let scheme = bytes[..<colon]
    return scheme.first?.isLetter == true && scheme.allSatisfy(\.isSchemeByte)
  }

  /// RFC 3339, which allows the second 60 at the end of a UTC day; it is the next day's first, as in
  /// POSIX.
  static func time(_ text: String) -> Timestamp? {
    if let time = Timestamp(rfc3339: text) { return time }
    var bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes[17] == UInt8(ascii: "6"), bytes[18] == UInt8(ascii: "0") else {
      return nil
    }
    bytes[17] = UInt8(ascii: "5")
    bytes[18] = UInt8(ascii: "9")
    guard let before = Timestamp(rfc3339: bytes.span, 0..<bytes.count),
      (before.seconds &+ 1) % 86_400 == 0
    else { return nil }
    return Timestamp(seconds: before.seconds &+ 1, nanoseconds: before.nanoseconds)
  }

  /// Whether data of this type is a JSON value in a JSON event (JSON Event Format 1.0.2 §3.1).
  static func isJSON(_ mediaType: String?) -> Bool {
    guard let mediaType else { return true }
    let essence = mediaType.prefix { $0 != ";" && $0 != " " }.lowercased()
    return essence.hasSuffix("/json") || (essence.hasSuffix("+json") && essence.contains("/"))
  }
}
