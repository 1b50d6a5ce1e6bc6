// SPDX-License-Identifier: MIT
import Settings

/// How far a place's clocks are ahead of UTC at any moment, read from a file of the time zone database
/// (RFC 8536) or from a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
public struct ZoneOffsets: Sendable {
  /// When the offset changes, ascending, in seconds since 1970; `offsets` has one more in front.
  private let changes: [Int64]
  private let offsets: [Int]
  /// The rule after the last change.
  private let rule: ZoneRule?

  public static let utc = ZoneOffsets(changes: [], offsets: [0], rule: nil)

  init(changes: [Int64], offsets: [Int], rule: ZoneRule?) {
    self.changes = changes
    self.offsets = offsets
    self.rule = rule
  }

  /// Seconds to add to UTC at `seconds` since 1970.
  public func offset(at seconds: Int64) -> Int {
    guard let last = changes.last, seconds < last else {
      return rule?.offset(at: seconds) ?? offsets.last ?? 0
    }
    // How many changes have happened, by halving.
    var low = 0
    var high = changes.count
    while low < high {
      let middle = (low + high) / 2
      if changes[middle] <= seconds { low = middle + 1 } else { high = middle }
    }
    return low < offsets.count ? offsets[low] : 0
  }

  /// Where Debian, Alpine and most others keep the database.
  public static let folder = "/usr/share/zoneinfo"

  /// The zone of a `TIME_ZONE` setting; nil if the text is neither a zone's name nor a rule.
  public init?(setting: String, folder: String = ZoneOffsets.folder) {
    if setting == "UTC" {
      self = .utc
    } else if Self.isName(setting),
      let file = try? readFile("\(folder)/\(setting)", limit: 1 << 20),
      let zone = ZoneFile.read(file)
    {
      self = zone
    } else if let rule = ZoneRule(setting) {
      self = ZoneOffsets(changes: [], offsets: [], rule: rule)
    } else {
      return nil
    }
  }

  /// `Europe/Berlin`: a path inside the database and nowhere else.
  private static func isName(_ text: String) -> Bool {
    text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.utf8.first, (first | 0x20) &- 0x61 < 26 else { return false }
      return part.utf8.allSatisfy {
        ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F || $0 == 0x2D || $0 == 0x2B
      }
    }
  }
}
