// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer
import Settings

/// The keys that servers post with, `WRITE_KEYS`. Without any everybody may post.
struct WriteKeys: Sendable {
  private let keys: [[UInt8]]

  init(_ reader: inout SettingsReader) {
    let text = reader.optionalText(
      "WRITE_KEYS", "keys with commas; with them a POST needs one as Authorization: Bearer KEY")
    let keys = (text ?? "").split(separator: ",").map { Array($0.utf8) }
    let areValid = keys.allSatisfy { key in
      key.count >= 16 && key.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
    if !areValid || (text != nil && keys.isEmpty) {
      // The value is a secret: it stays out of the sentence.
      reader.fail(
        SettingsError(
          "WRITE_KEYS has a key that can't be used: allowed are 16 characters or more without spaces, "
            + "separated by commas"))
    }
    self.keys = keys
  }

  func admit(_ request: Request) -> Bool {
    guard !keys.isEmpty else { return true }
    return request.withHeader("authorization") { value in
      guard value.count > 7, value.equalsIgnoringCase("bearer ", prefixOf: 0..<value.count)
      else { return false }
      return has(value.extracting(7..<value.count))
    } ?? false
  }

  /// All keys are compared to their ends, so that the time tells nothing about the first difference.
  private func has(_ offered: Span<UInt8>) -> Bool {
    var isKnown = false
    for key in keys {
      var difference = offered.count ^ key.count
      for index in key.indices {
        let byte = index < offered.count ? offered[index] : 0
        difference |= Int(byte ^ key[index])
      }
      isKnown = difference == 0 || isKnown
    }
    return isKnown
  }
}
