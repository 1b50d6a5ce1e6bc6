// SPDX-License-Identifier: MIT

/// The differences that are meant to be, with a sentence on each; everything else is a finding.
enum Documented: String, Error, CaseIterable {
  case depth = "we refuse what nests deeper than 64 levels; Python and Foundation read it"
  case comma = "Foundation reads a comma before } or ], against RFC 8259"
  case encoding = "Foundation guesses UTF-16 and UTF-32, and drops a byte order mark"
  case surrogate = "Foundation refuses half a surrogate pair in an escape; we read U+FFFD"
  case repeated = "of a name that comes twice Foundation keeps one value; we give both"
  case number = "Foundation refuses a number that no Double can hold; we leave it as it is"
}

extension Documented {
  /// The reason why Foundation differs, if it is one of these. `reading` is ours.
  init?(_ input: [UInt8], _ reading: [UInt8], isReadByFoundation: Bool) {
    let isOurs = reading != Reading.rejected
    if isReadByFoundation, Self.mayBeOtherEncoding(input) {
      self = .encoding
    } else if isReadByFoundation, !isOurs {
      let text = input.filter { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
      let hasComma = zip(text, text.dropFirst()).contains { pair in
        pair.0 == UInt8(ascii: ",") && (pair.1 == UInt8(ascii: "}") || pair.1 == UInt8(ascii: "]"))
      }
      guard hasComma else { return nil }
      self = .comma
    } else if isReadByFoundation {
      guard FoundationOracle.hasRepeatedName(reading) else { return nil }
      self = .repeated
    } else if String(decoding: input, as: UTF8.self).lowercased().contains("\\ud"),
      String(decoding: reading, as: UTF8.self).contains("\u{fffd}")
    {
      self = .surrogate
    } else if Self.hasEndlessNumber(reading) {
      self = .number
    } else {
      return nil
    }
  }

  private static func mayBeOtherEncoding(_ input: [UInt8]) -> Bool {
    // The mark is dropped inside a string too, where a run of text begins with it.
    input.contains(0) || input.starts(with: [0xfe, 0xff]) || input.starts(with: [0xff, 0xfe])
      || String(decoding: input, as: UTF8.self).unicodeScalars.contains("\u{feff}")
  }

  private static func hasEndlessNumber(_ reading: [UInt8]) -> Bool {
    reading.split(separator: UInt8(ascii: "#")).contains { part in
      let digits = String(decoding: part.prefix { $0 != 0xff }, as: UTF8.self)
      return Double(digits).map { !$0.isFinite } ?? false
    }
  }
}
