// SPDX-License-Identifier: MIT
import Testing

@testable import Pixel

@Suite struct AddColumnsTests {
  private static let old: [JSON] = [["name": "a", "type": "STRING"]]
  private static let new = old + [["name": "b", "type": "INTEGER", "mode": "NULLABLE"]]

  /// A template and as many suffix tables, all with the old columns.
  private func cloud(_ count: Int) throws -> FakeTables {
    let fake = try FakeTables()
    for name in ["pixel"] + (0..<count).map({ "pixel_u\($0)_20260102" }) {
      fake.add(name, columns: Self.old)
    }
    // What is no suffix table stays as it is.
    fake.add("pixels", columns: Self.old)
    return fake
  }

  private func run(_ fake: FakeTables, isDryRun: Bool = false, archive: String? = nil) async throws
    -> Completion
  {
    try await AddColumns(fake.upkeep(isDryRun: isDryRun), columns: Self.new, archive: archive).run()
  }

  @Test func `the template is first, all of 250 tables follow, and a second run changes nothing`()
    async throws
  {
    let fake = try cloud(250)
    #expect(try await run(fake) == .done)
    #expect(fake.changes.first == "PATCH pixel")
    #expect(fake.changes.count == 251)
    #expect(fake.table("pixel_u249_20260102")?["schema"]?["fields"] == .array(Self.new))
    #expect(fake.table("pixels")?["schema"]?["fields"] == .array(Self.old))
    fake.set { $0.changes = [] }
    #expect(try await run(fake) == .done)
    #expect(fake.changes == [])
  }

  @Test func `a dry run changes nothing`() async throws {
    let fake = try cloud(3)
    #expect(try await run(fake, isDryRun: true) == .done)
    #expect(fake.changes == [])
  }

  @Test func `a table with rows in its streaming buffer waits, the archive does not`() async throws
  {
    let fake = try cloud(2)
    fake.add("pixel_u9_20260102", columns: Self.old, ["streamingBuffer": ["estimatedRows": "1"]])
    fake.add("moved", columns: Self.old, ["streamingBuffer": ["estimatedRows": "1"]])
    #expect(try await run(fake, archive: "moved") == .unfinished)
    #expect(fake.table("pixel_u9_20260102")?["schema"]?["fields"] == .array(Self.old))
    #expect(fake.table("moved")?["schema"]?["fields"] == .array(Self.new))
    #expect(fake.table("pixel_u1_20260102")?["schema"]?["fields"] == .array(Self.new))
    // By then BigQuery has brought the template's change to it.
    fake.add("pixel_u9_20260102", columns: Self.new, ["streamingBuffer": ["estimatedRows": "1"]])
    #expect(try await run(fake, archive: "moved") == .done)
  }

  @Test func `one table that fails does not stop the others`() async throws {
    let fake = try cloud(20)
    fake.set { $0.locked = ["pixel_u3_20260102"] }
    #expect(try await run(fake) == .failed)
    #expect(fake.changes.count == 20)
    fake.set { $0.locked = [] }
    #expect(try await run(fake) == .done)
    #expect(fake.changes.count == 21)
  }

  @Test func `nothing is begun when the template can't be changed`() async throws {
    let fake = try cloud(5)
    fake.add("pixel", columns: [["name": "b", "type": "STRING"]])
    await #expect(throws: Failure("pixel: b is STRING in the table, INTEGER in the contract.")) {
      try await run(fake)
    }
    #expect(fake.changes == [])
  }

  @Test(arguments: [
    (403, "rateLimitExceeded"), (403, "quotaExceeded"), (429, "x"), (500, "backendError"),
    (503, "x"),
    (401, "authError"),
  ])
  func `what may pass is tried again`(_ status: Int, _ reason: String) async throws {
    let fake = try cloud(1)
    fake.set { $0.faults = [(status, reason)] }
    #expect(try await run(fake) == .done)
    #expect(fake.changes.sorted() == ["PATCH pixel", "PATCH pixel_u0_20260102"])
  }

  @Test func `what can't pass is not tried again, and is said`() async throws {
    let fake = try cloud(1)
    fake.set { $0.faults = [(403, "accessDenied")] }
    await #expect(throws: APIError.self) { try await run(fake) }
    #expect(fake.changes == [])
  }
}
