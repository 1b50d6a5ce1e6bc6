// SPDX-License-Identifier: MIT
import Foundation

/// Compares times of RFC 3339 as instants, to the nanosecond, without the code under test.
enum Moment {
  static func same(_ one: String?, _ other: String?) -> Bool {
    guard let one, let other else { return one == nil && other == nil }
    guard let first = parse(one), let second = parse(other) else { return one == other }
    return first == second
  }

  /// Seconds since 1970, and nanoseconds.
  private static func parse(_ text: String) -> [Int]? {
    var whole = text.uppercased()
    var fraction = ""
    if let dot = whole.firstIndex(of: ".") {
      let rest = whole[whole.index(after: dot)...]
      fraction = String(rest.prefix { $0.isNumber })
      whole = String(whole[..<dot]) + rest.dropFirst(fraction.count)
    }
    var leap = 0
    if whole.contains(":60Z") {
      whole = whole.replacingOccurrences(of: ":60Z", with: ":59Z")
      leap = 1
    }
    guard let date = ISO8601DateFormatter().date(from: whole) else { return nil }
    let nanoseconds = Int((fraction + "000000000").prefix(9)) ?? 0
    return [Int(date.timeIntervalSince1970) + leap, nanoseconds]
  }
}
