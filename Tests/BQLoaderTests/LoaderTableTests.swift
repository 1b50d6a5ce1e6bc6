// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

@testable import BQLoader

/// Which tables the loader makes, and what it asks BigQuery about them.
@Suite struct LoaderTableTests {
  static func suffixes(_ fake: FakeBigQuery) -> [String: Int] {
    var rows: [String: Int] = [:]
    for insert in fake.inserts { rows[insert.suffix, default: 0] += insert.ids.count }
    return rows
  }

  @Test func `made-up users cost a bounded number of tables, and no row`() throws {
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(fake, ["MAX_NEW_TABLES_PER_HOUR": "5"])
    let statuses = loader.push((0..<200).map { row("e\($0)", "u\($0)") })
    let log = loader.stop()
    #expect(statuses.allSatisfy { $0 == 204 })
    let suffixes = Self.suffixes(fake)
    #expect(suffixes.count == 6)
    #expect(suffixes["_Zo_20260102"] == 195)
    #expect(log.contains("MAX_NEW_TABLES_PER_HOUR"))
    #expect(log.contains(#""reason":"table_overflow","count":195"#))
  }

  @Test func `never are more than ten made in a second`() throws {
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(fake)
    // In the three seconds that a row has here there is a turn for about forty tables.
    let statuses = loader.push((0..<100).map { row("e\($0)", "u\($0)") })
    let log = loader.stop()
    let taken = statuses.filter { $0 == 204 }.count
    #expect((11...50).contains(taken))
    #expect(statuses.allSatisfy { $0 == 204 || $0 == 503 })
    #expect(log.contains(#""reason":"table_pending""#))
    // Each has a table of its own, and none is in the overflow's.
    let suffixes = Self.suffixes(fake)
    #expect(suffixes.count >= taken && suffixes["_Zo_20260102"] == nil)
  }

  @Test func `all loops share one limit`() throws {
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(fake, ["MAX_NEW_TABLES_PER_HOUR": "4"], workers: 3)
    for worker in 0..<3 {
      let rows = (0..<20).map { row("e\(worker)-\($0)", "u\(worker)x\($0)") }
      #expect(loader.push(rows, worker: worker).allSatisfy { $0 == 204 })
    }
    loader.stop()
    #expect(Self.suffixes(fake).count == 5)
    #expect(fake.state.withLock { $0.lists } == 1)
  }

  @Test func `a table that was there when the loader started never overflows`() throws {
    let fake = try FakeBigQuery()
    fake.set { $0.tables = (0..<25).map { "pixel_u\($0)_20260102" } }
    let loader = try RunningLoader(fake, ["MAX_NEW_TABLES_PER_HOUR": "0"])
    let rows = (0..<25).map { row("e\($0)", "u\($0)") } + [row("new", "somebody")]
    #expect(loader.push(rows).allSatisfy { $0 == 204 })
    loader.stop()
    let suffixes = Self.suffixes(fake)
    for user in 0..<25 { #expect(suffixes["_u\(user)_20260102"] == 1) }
    #expect(suffixes["_Zo_20260102"] == 1)
    // Two tables a page.
    #expect(fake.state.withLock { $0.lists } == 13)
  }

  @Test func `a table that another process has made since is found`() throws {
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(fake, ["MAX_NEW_TABLES_PER_HOUR": "0"])
    #expect(loader.push([row("e1")]) == [204])
    fake.set { $0.tables.append("pixel_u7_20260102") }
    #expect(loader.push([row("e2", "u7"), row("e3", "u7")]) == [204, 204])
    loader.stop()
    #expect(Self.suffixes(fake) == ["_Zo_20260102": 1, "_u7_20260102": 2])
  }

  @Test(arguments: [500, 403, 404])
  func `rows do not wait for a list that can't be had`(_ status: Int) throws {
    let fake = try FakeBigQuery()
    fake.set { $0.listStatus = status }
    let loader = try RunningLoader(fake, ["REQUEST_TIMEOUT": "20s"])
    #expect(loader.push([row("e1"), row("e2", "u2")]) == [204, 204])
    loader.stop()
    #expect(Self.suffixes(fake) == ["_u1_20260102": 1, "_u2_20260102": 1])
  }

  @Test(arguments: ["", "_{date}", "_{bucket:user_id:16}_{date}"])
  func `where visitors can't make tables nothing is limited or listed`(_ pattern: String) throws {
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(
      fake, ["MAX_NEW_TABLES_PER_HOUR": "0", "TEMPLATE_SUFFIX": pattern])
    #expect(loader.push((0..<40).map { row("e\($0)", "u\($0)") }).allSatisfy { $0 == 204 })
    loader.stop()
    #expect(!Self.suffixes(fake).keys.contains { $0.contains("Zo") })
    #expect(fake.state.withLock { $0.lists } == 0)
  }

  @Test func `with a list of known ids only they have tables`() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try "# customers\nacme\r\n\nz\u{e9}\n42\n".write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(
      fake, ["KNOWN_IDS": file.path, "MAX_NEW_TABLES_PER_HOUR": "0"])
    let users = ["acme", "z\\u00e9", "42", "acme2", "", "# customers"]
    let rows = users.enumerated().map { row("e\($0)", $1) }
    #expect(loader.push(rows).allSatisfy { $0 == 204 })
    loader.stop()
    #expect(
      Self.suffixes(fake)
        == ["_acme_20260102": 1, "_zZC3ZA9_20260102": 1, "_42_20260102": 1, "_Zo_20260102": 3])
  }

  @Test func `the contract of the message can be part of the table's name`() throws {
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(fake, ["BIGQUERY_TABLE": "x_{contract}"])
    let names = [
      "shop", "a_1", "", "Shop", "1a", "a-b", "pixel$20260101", String(repeating: "a", count: 64),
    ]
    let pushes =
      names.enumerated().map {
        RunningLoader.Push(row: row("e\($0)"), attributes: ["contract": $1])
      }
      + [RunningLoader.Push(row: row("none"))]
    #expect(loader.push(pushes).allSatisfy { $0 == 204 })
    loader.stop()
    #expect(Set(fake.inserts.map(\.table)) == ["x_shop", "x_a_1"])
    #expect(fake.rejected.count == 7)
    #expect(fake.rejected.allSatisfy { $0["reason"] == "contract_invalid" })
  }

  @Test func `a column of the suffix that the template lacks is said at the start`() throws {
    let fake = try FakeBigQuery()
    let loader = try RunningLoader(fake, ["TEMPLATE_SUFFIX": "_{nobody}_{date}"])
    #expect(loader.push([row("e1")]) == [204])
    #expect(eventually { fake.state.withLock { $0.gets.contains("pixel") } })
    usleep(200_000)  // the answer is on its way to the log
    let log = loader.stop()
    #expect(log.contains("TEMPLATE_SUFFIX names a column that the template table does not have"))
    #expect(log.contains(#""column":"nobody""#))
  }
}
