// SPDX-License-Identifier: MIT
import Foundation

/// As `ours`, with `Data(base64Encoded:)` and `URLComponents`.
func base64(_ line: Data) -> Int { Data(base64Encoded: line)?.count ?? 0 }

func query(_ line: Data) -> Int {
  var components = URLComponents()
  // It has no form decoding: a plus is a space there.
  components.percentEncodedQuery =
    String(decoding: line, as: UTF8.self).replacingOccurrences(of: "+", with: "%20")
  return (components.queryItems ?? []).reduce(0) {
    $0 + $1.name.utf8.count + ($1.value?.utf8.count ?? 0)
  }
}

func nanosecondsUsed() -> Int { Int(clock() * (1_000_000_000 / CLOCKS_PER_SEC)) }

let arguments = CommandLine.arguments
let lines = try Data(contentsOf: URL(fileURLWithPath: arguments[1]))
  .split(separator: UInt8(ascii: "\n")).map { Data($0) }
let work = arguments[2] == "base64" ? base64 : query
let total = lines.reduce(0) { $0 + work($1) }
let began = nanosecondsUsed()
var count = 0
repeat {
  guard lines.reduce(0, { $0 + work($1) }) == total else { fatalError("not the same again") }
  count += lines.count
} while nanosecondsUsed() - began < (Int(arguments[3]) ?? 1) * 1_000_000_000
print(Double(nanosecondsUsed() - began) / Double(count), total)
