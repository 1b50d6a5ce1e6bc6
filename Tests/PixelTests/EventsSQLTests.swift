// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import Pixel

@Suite struct EventsSQLTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private func sql(
    _ pattern: String, archive: String? = nil, zone: String = "UTC", columns: [JSON]? = nil
  ) throws -> EventsSQL {
    try EventsSQL(
      names: .init(
        base: "`PROJECT.pixel.pixel`", wildcard: "`PROJECT.pixel.pixel_*`", archive: archive),
      columns: columns
        ?? contractColumns(Self.root.appendingPathComponent("infra/contracts/pixel.json").path),
      pattern: SuffixPattern(pattern), timeZone: zone)
  }

  /// Its comment is the file's own; the rest is what the tool sends.
  private func shipped(_ name: String) throws -> String {
    let text = try String(
      contentsOf: Self.root.appendingPathComponent("infra/sql/\(name).sql"), encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.drop { $0.hasPrefix("--") }.joined(separator: "\n")
  }

  @Test func `infra/sql is what the tool makes of the contract`() throws {
    let sql = try sql("_{user_id}_{date}")
    #expect(try shipped("events") == sql.createView("`PROJECT.pixel.events`") + ";\n")
    #expect(
      try shipped("events_between") == sql.createFunction("`PROJECT.pixel.events_between`") + ";\n")
  }

  @Test(arguments: [
    ("_{user_id}_{date}", "RIGHT(_TABLE_SUFFIX, 8) BETWEEN FORMAT_DATE('%Y%m%d', first_day)"),
    ("_{date}", "RIGHT(_TABLE_SUFFIX, 8) BETWEEN FORMAT_DATE('%Y%m%d', first_day)"),
    (
      "_{date}_{user_id}",
      "IF(STARTS_WITH(_TABLE_SUFFIX, 'Zo_'), RIGHT(_TABLE_SUFFIX, 8), "
        + "LEFT(_TABLE_SUFFIX, 8)) BETWEEN"
    ),
    ("_x_{date}_{user_id}", "SPLIT(_TABLE_SUFFIX, '_')[SAFE_OFFSET(1)]) BETWEEN"),
    ("_{month}", "RIGHT(_TABLE_SUFFIX, 6) BETWEEN FORMAT_DATE('%Y%m', first_day)"),
    ("_{user_id}_{hour}", "LEFT(RIGHT(_TABLE_SUFFIX, 10), 8) BETWEEN"),
    ("_{user_id}", "WHERE `event_time` >= TIMESTAMP(first_day, 'UTC')"),
    ("", "FROM `PROJECT.pixel.pixel`\n  WHERE `event_time` >= TIMESTAMP(first_day, 'UTC')"),
  ])
  func `the function prunes where the pattern has the date`(_ pattern: String, _ part: String)
    throws
  {
    #expect(try sql(pattern).functionQuery.contains(part))
  }

  private static let plain =
    "QUALIFY ROW_NUMBER() OVER (PARTITION BY table_suffix, table_date, `event_id`) = 1"

  private static func column(_ name: String, _ type: String = "STRING", _ mode: String = "NULLABLE")
    -> JSON
  {
    ["name": .string(name), "type": .string(type), "mode": .string(mode)]
  }

  @Test(arguments: [
    [], [column("client_event_id", "STRING", "REPEATED")], [column("client_event_id", "JSON")],
  ])
  func `without a client's ids events go by their own`(_ more: [JSON]) throws {
    let sql = try sql("_{date}", columns: [Self.column("event_id"), Self.column("type")] + more)
    #expect(sql.viewQuery.hasSuffix(Self.plain))
    #expect(sql.functionQuery.hasSuffix(Self.plain))
  }

  @Test func `a client's id counts with those of the other columns that there are`() throws {
    let sql = try sql(
      "_{date}",
      columns: [
        Self.column("event_id"), Self.column("event_time", "TIMESTAMP"),
        Self.column("client_event_id"), Self.column("client_time", "FLOAT"),
        Self.column("user_id", "STRING", "REPEATED"),
      ])
    let id = "NULLIF(`client_event_id`, '')"
    let key = """
          \(id),
          IF(\(id) IS NULL, NULL, TO_JSON_STRING(`client_time`)),
          IF(\(id) IS NULL, NULL, TO_JSON_STRING(`user_id`)),
          IF(\(id) IS NULL, `event_id`, NULL)
        ORDER BY `event_time`, `event_id`
      ) = 1
      """
    #expect(sql.viewQuery.hasSuffix("PARTITION BY table_suffix, table_date,\n\(key)"))
    #expect(sql.functionQuery.hasSuffix("PARTITION BY\n\(key)"))
  }

  @Test func `a moved table is read beside the suffix tables, by its partitions`() throws {
    let query = try sql("_{user_id}_{date}", archive: "`a`", zone: "Europe/Berlin").functionQuery
    #expect(query.components(separatedBy: "UNION ALL").count == 2)
    #expect(
      query.contains("FROM `a`\n  WHERE `event_time` >= TIMESTAMP(first_day, 'Europe/Berlin')"))
    #expect(!(try sql("_{user_id}_{date}").viewQuery.contains("UNION ALL")))
  }
}
