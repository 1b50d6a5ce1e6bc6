// SPDX-License-Identifier: MIT
import Testing

@testable import Pixel

@Suite struct ExpireTests {
  private func cloud() throws -> FakeTables {
    let fake = try FakeTables()
    let today = Day.today(adding: 0).description.split(separator: "-").joined()
    for name in ["pixel", "pixel_Ze", "pixel_u1_\(today)", "pixel_u1_20260101", "pixel_odd"] {
      fake.add(name, columns: [])
    }
    return fake
  }

  private func expires(_ fake: FakeTables, _ table: String) -> Int? {
    fake.table(table)?["expirationTime"]?.int
  }

  @Test func `old and new tables expire; the template and the empty table never do`() async throws {
    let fake = try cloud()
    fake.set { $0.tables["pixel"]?["expirationTime"] = "1" }
    #expect(try await Expire(fake.upkeep(), days: 30, archive: nil).run() == .done)
    #expect(fake.changes[0...1] == ["PATCH pixel", "PATCH "])
    #expect(fake.state.withLock { $0.dataset["defaultTableExpirationMs"]?.int } == 31 * 86_400_000)
    #expect(expires(fake, "pixel") == nil && expires(fake, "pixel_Ze") == nil)
    #expect(expires(fake, "pixel_odd") == nil)
    let today = Day.today(adding: 0).description.split(separator: "-").joined()
    #expect(expires(fake, "pixel_u1_\(today)") == Day.today(adding: 31).milliseconds)
    #expect(expires(fake, "pixel_u1_20260101") != nil)

    fake.set { $0.changes = [] }
    #expect(try await Expire(fake.upkeep(), days: 30, archive: nil).run() == .done)
    #expect(fake.changes == [])
    #expect(try await Expire(fake.upkeep(), days: nil, archive: nil).run() == .done)
    #expect(expires(fake, "pixel_u1_20260101") == nil)
    #expect(fake.state.withLock { $0.dataset["defaultTableExpirationMs"] } == nil)
  }

  @Test func `partitions of one table expire instead`() async throws {
    let fake = try FakeTables()
    fake.add("pixel", columns: [], ["timePartitioning": ["type": "DAY", "field": "event_time"]])
    #expect(try await Expire(fake.upkeep(""), days: 30, archive: nil).run() == .done)
    let expected: JSON = ["type": "DAY", "field": "event_time", "expirationMs": "2592000000"]
    #expect(fake.table("pixel")?["timePartitioning"] == expected)
    #expect(fake.changes == ["PATCH pixel"])
    fake.add("pixel", columns: [])
    await #expect(throws: Failure.self) {
      try await Expire(fake.upkeep(""), days: 30, archive: nil).run()
    }
  }

  @Test func `tables without a date don't expire, nor does anything within a week`() async throws {
    let fake = try cloud()
    await #expect(throws: Failure.self) {
      try await Expire(fake.upkeep("_{user_id}"), days: 30, archive: nil).run()
    }
    #expect(throws: Failure.self) { try Expire(fake.upkeep(), days: 7, archive: nil) }
    #expect(fake.changes == [])
  }
}
