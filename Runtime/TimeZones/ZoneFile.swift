// SPDX-License-Identifier: MIT

/// Reads a compiled file of the time zone database: RFC 8536, version 2 and later, whose second block has
/// 64-bit times and ends in a rule for the years to come.
enum ZoneFile {
  private static let headerSize = 44

  /// Nil if this is no such file.
  static func read(_ file: [UInt8]) -> ZoneOffsets? {
    guard let first = Header(file, at: 0), first.version >= 0x32,
      let second = Header(file, at: headerSize + first.blockSize(timeSize: 4))
    else { return nil }
    let start = second.end
    // The types of the changes lie behind their times, the types themselves behind those.
    let changesEnd = start + 8 * second.times
    let infos = changesEnd + second.times
    let footer = start + second.blockSize(timeSize: 8)
    guard footer < file.count, second.types > 0 else { return nil }
    func offset(ofType index: Int) -> Int? {
      guard index < second.types else { return nil }
      return Int(Int32(truncatingIfNeeded: integer(file, at: infos + 6 * index, size: 4)))
    }
    guard let before = offset(ofType: 0) else { return nil }
    var changes: [Int64] = []
    var offsets = [before]
    for index in 0..<second.times {
      let moment = integer(file, at: start + 8 * index, size: 8)
      guard changes.last.map({ $0 < moment }) ?? true,
        let offset = offset(ofType: Int(file[changesEnd + index]))
      else { return nil }
      changes.append(moment)
      offsets.append(offset)
    }
    // "\n" rule "\n"; an empty rule says that the last offset stays.
    let text = file[(footer + 1)...].prefix { $0 != 0x0A }
    guard file[footer] == 0x0A, footer + 1 + text.count < file.count else { return nil }
    var rule: ZoneRule?
    if !text.isEmpty {
      rule = ZoneRule(String(decoding: text, as: UTF8.self))
      if rule == nil { return nil }
    }
    return ZoneOffsets(changes: changes, offsets: offsets, rule: rule)
  }

  /// `TZif`, a version, and six counts.
  private struct Header {
    let version: UInt8
    let isUTC, isStandard, leaps, times, types, characters: Int
    let end: Int

    init?(_ file: [UInt8], at start: Int) {
      guard start >= 0, start + headerSize <= file.count,
        Array(file[start..<(start + 4)]) == Array("TZif".utf8)
      else { return nil }
      version = file[start + 4]
      var counts: [Int] = []
      for index in 0..<6 {
        let count = ZoneFile.integer(file, at: start + 20 + 4 * index, size: 4)
        // More changes than any zone has had; keeps sums small.
        guard 0..<100_000 ~= count else { return nil }
        counts.append(Int(count))
      }
      (isUTC, isStandard, leaps) = (counts[0], counts[1], counts[2])
      (times, types, characters) = (counts[3], counts[4], counts[5])
      end = start + headerSize
    }

    func blockSize(timeSize: Int) -> Int {
      times * (timeSize + 1) + types * 6 + characters + leaps * (timeSize + 4) + isStandard + isUTC
    }
  }

  /// Big-endian, of 4 or 8 bytes; 0 outside the file.
  private static func integer(_ file: [UInt8], at start: Int, size: Int) -> Int64 {
    guard start >= 0, start + size <= file.count else { return 0 }
    var value: UInt64 = 0
    for byte in file[start..<(start + size)] { value = value << 8 | UInt64(byte) }
    return size == 4
      ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
  }
}
