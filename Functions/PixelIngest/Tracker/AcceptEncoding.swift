// SPDX-License-Identifier: MIT
import Bytes

/// `Accept-Encoding`, RFC 9110, 12.5.3.
enum AcceptEncoding {
  /// Whether gzip is in the list, or `*` and no gzip, with a weight that is not 0.
  static func takesGzip(_ value: Span<UInt8>) -> Bool {
    var any = false
    for element in value.string.lowercased().split(separator: ",") {
      let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
      guard let coding = parts.first else { continue }
      let isWanted = !parts.dropFirst().contains { part in
        part.hasPrefix("q=") && part.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." }
      }
      if coding == "gzip" || coding == "x-gzip" { return isWanted }
      if coding == "*" { any = isWanted }
    }
    return any
  }
}
