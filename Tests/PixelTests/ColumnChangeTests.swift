// SPDX-License-Identifier: MIT
import Testing

@testable import Pixel

@Suite struct ColumnChangeTests {
  private static func column(
    _ name: String, _ type: String = "STRING", _ mode: String = "NULLABLE", _ fields: [JSON]? = nil
  ) -> JSON {
    let column: JSON = ["name": .string(name), "type": .string(type), "mode": .string(mode)]
    return fields.map { column.with("fields", .array($0)) } ?? column
  }

  @Test func `equal columns need no change, whatever the order or the spelling of types`() {
    let table = [Self.column("b", "INT64"), Self.column("A", "STRUCT", "NULLABLE", [])]
    let contract = [Self.column("a", "RECORD", "NULLABLE", []), Self.column("b", "INTEGER")]
    #expect(ColumnChange(from: table, to: contract) == .none)
  }

  @Test func `new columns come last and the table keeps what else it has`() {
    let tagged = Self.column("a").with("policyTags", ["names": ["secret"]])
    let table = [tagged, Self.column("own")]
    let contract = [Self.column("a"), Self.column("b", "STRING", "REPEATED")]
    #expect(
      ColumnChange(from: table, to: contract)
        == .change([tagged, Self.column("own"), contract[1]], what: ["add b"]))
  }

  @Test func `fields of records are added too, and REQUIRED is relaxed`() {
    let table = [
      Self.column("r", "RECORD", "NULLABLE", [Self.column("x")]),
      Self.column("a", "STRING", "REQUIRED"),
    ]
    let contract = [
      Self.column("r", "RECORD", "NULLABLE", [Self.column("x"), Self.column("y")]),
      Self.column("a"),
    ]
    #expect(
      ColumnChange(from: table, to: contract)
        == .change(contract, what: ["add r.y", "make a NULLABLE"]))
  }

  @Test func `a stricter contract changes nothing`() {
    let contract = [Self.column("a", "STRING", "REQUIRED")]
    #expect(ColumnChange(from: [Self.column("a")], to: contract) == .none)
  }

  @Test(arguments: [
    (column("a", "INTEGER"), "a is STRING in the table, INTEGER in the contract"),
    (column("a", "STRING", "REPEATED"), "a is NULLABLE in the table, REPEATED in the contract"),
    (
      column("b", "STRING", "REQUIRED"),
      "b is REQUIRED: a table with rows takes NULLABLE and REPEATED only"
    ),
  ])
  func `what BigQuery would refuse is said before`(_ wanted: JSON, _ reason: String) {
    #expect(ColumnChange(from: [Self.column("a")], to: [wanted]) == .conflict(reason))
  }
}
