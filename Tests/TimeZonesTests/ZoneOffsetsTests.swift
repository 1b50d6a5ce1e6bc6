// SPDX-License-Identifier: MIT
import Foundation
import TestSupport
import Testing

@testable import TimeZones

@Suite struct ZoneOffsetsTests {
  static let hasDatabase = FileManager.default.fileExists(
    atPath: "\(ZoneOffsets.folder)/Europe/Berlin")

  static let names = [
    "Europe/Berlin", "Europe/Dublin", "Europe/London", "America/New_York", "America/Sao_Paulo",
    "America/St_Johns", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "Asia/Kathmandu",
    "Asia/Tehran", "Asia/Tokyo", "Australia/Lord_Howe", "Australia/Sydney", "Africa/Casablanca",
    "Africa/Cairo", "Pacific/Apia", "Pacific/Chatham", "Pacific/Auckland", "America/Nuuk",
    "Antarctica/Troll", "Etc/GMT+5", "America/Asuncion", "Asia/Gaza",
  ]

  @Test(
    .enabled(if: hasDatabase, "no time zone database: install tzdata"), arguments: names)
  func `a zone's offsets are those that Foundation has`(_ name: String) throws {
    let zone = try #require(ZoneOffsets(setting: name))
    let oracle = try #require(TimeZone(identifier: name))
    var random = SeededRandom(7)
    for _ in 0..<2000 {
      // 1950 to 2090, and each moment's neighbours around the changes of its year.
      let moment = Int64.random(in: -631_152_000...3_786_912_000, using: &random)
      let expected = oracle.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment)))
      #expect(zone.offset(at: moment) == expected, "\(name) \(moment)")
    }
    // Foundation knows a change from the database only; later ones are compared above.
    var moment = Date(timeIntervalSince1970: 0)
    for _ in 0..<100 {
      guard let next = oracle.nextDaylightSavingTimeTransition(after: moment) else { break }
      let second = Int64(next.timeIntervalSince1970)
      for near in [second - 1, second, second + 1] {
        let expected = oracle.secondsFromGMT(for: Date(timeIntervalSince1970: Double(near)))
        #expect(zone.offset(at: near) == expected, "\(name) \(near)")
      }
      moment = next
    }
  }

  @Test(arguments: [
    ("UTC0", 0, 0), ("CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200),
    ("EST5EDT,M3.2.0,M11.1.0", -18_000, -14_400), ("<+0530>-5:30", 19_800, 19_800),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", 39_600, 36_000), ("XXX3YYY,J60/0,J300/0", -10_800, -7200),
    ("XXX3YYY,59/0,299/0", -10_800, -7200), ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7200, -3600),
  ])
  func `a rule says what holds in January and in July`(_ rule: String, _ january: Int, _ july: Int)
    throws
  {
    let zone = try #require(ZoneOffsets(setting: rule))
    #expect(zone.offset(at: 1_767_225_600 + 14 * 86_400) == january)
    #expect(zone.offset(at: 1_767_225_600 + 190 * 86_400) == july)
  }

  @Test func `a change happens at its second`() throws {
    let zone = try #require(ZoneOffsets(setting: "CET-1CEST,M3.5.0,M10.5.0/3"))
    // 2026-03-29T01:00:00Z and 2026-10-25T01:00:00Z
    #expect(zone.offset(at: 1_774_745_999) == 3600)
    #expect(zone.offset(at: 1_774_746_000) == 7200)
    #expect(zone.offset(at: 1_792_889_999) == 7200)
    #expect(zone.offset(at: 1_792_890_000) == 3600)
  }

  @Test(arguments: [
    "", "Nowhere/City", "../../etc/passwd", "Europe/../Europe/Berlin", "/etc/localtime", "Europe",
    "posixrules/..", "tzdata.zi", "CET", "CET-1CEST", "CET-25", "CET-1CEST,M13.1.0,M10.5.0",
    "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0x", "<+1-1", "Å-1",
    "CET-1CEST,J0,J366", "CET--1", "CET-1CEST,M3.5.7,M10.5.0",
  ])
  func `what is neither a zone nor a rule is refused`(_ text: String) {
    // Debian has files for a few of the old abbreviations.
    guard text != "CET" else { return }
    #expect(ZoneOffsets(setting: text) == nil)
  }

  @Test(.enabled(if: hasDatabase, "no time zone database: install tzdata"))
  func `a damaged file never traps`() throws {
    let file = try Data(contentsOf: URL(fileURLWithPath: "\(ZoneOffsets.folder)/Europe/Berlin"))
    for count in 0..<file.count { _ = ZoneFile.read([UInt8](file.prefix(count))) }
    var random = SeededRandom(3)
    for _ in 0..<5000 {
      var bytes = [UInt8](file)
      for _ in 0..<3 {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      if let zone = ZoneFile.read(bytes) { _ = zone.offset(at: 1_767_225_600) }
    }
  }
}
