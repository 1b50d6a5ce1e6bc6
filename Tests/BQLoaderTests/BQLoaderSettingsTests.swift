// SPDX-License-Identifier: MIT
import Foundation
import PixelModel
import Settings
import Testing

@testable import BQLoader

@Suite struct BQLoaderSettingsTests {
  private func problem(_ own: [String: String]) -> String? {
    let environment = ["BIGQUERY_DATASET": "d", "PUSH_AUTH": "none"].merging(own) { $1 }
    var reader = SettingsReader(environment: environment)
    _ = BQLoaderSettings(&reader)
    do throws(SettingsError) {
      try reader.check()
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    [:], ["TEMPLATE_SUFFIX": ""], ["TIME_ZONE": "CET-1CEST,M3.5.0,M10.5.0/3"], ["TIME_ZONE": "UTC"],
    ["BIGQUERY_TABLE": "{contract}"], ["BIGQUERY_TABLE": "x_{contract}_y", "TEMPLATE_SUFFIX": ""],
    ["MAX_NEW_TABLES_PER_HOUR": "0"], ["SCHEMA_GRACE": "0s"],
  ])
  func `may be set`(_ own: [String: String]) { #expect(problem(own) == nil) }

  @Test(arguments: [
    ["BIGQUERY_DATASET": ""], ["BIGQUERY_DATASET": "a-b"], ["BIGQUERY_TABLE": "a-b"],
    ["BIGQUERY_TABLE": "a$20260101"], ["BIGQUERY_TABLE": "{table}"],
    ["BIGQUERY_TABLE": "{contract}{contract}"], ["BIGQUERY_TABLE": "{contract"],
    ["BIGQUERY_TABLE": String(repeating: "x", count: 1025)],
    ["TEMPLATE_SUFFIX": "_{a}{b}"], ["TEMPLATE_SUFFIX": "_Zo"], ["TIME_ZONE": "Mars/Olympus"],
    ["TIME_ZONE": "../passwd"], ["MAX_NEW_TABLES_PER_HOUR": "-1"],
    ["MAX_NEW_TABLES_PER_HOUR": "36001"], ["SCHEMA_GRACE": "15"],
    ["BATCH_BYTES": "11MB"], ["KNOWN_IDS": "/nowhere/ids"], ["KNOWN_IDS": "/bin/true"],
    ["CONTRACT": "/nowhere/c.json"],
  ])
  func `one sentence names the variable of a bad value`(_ own: [String: String]) throws {
    let sentence = try #require(problem(own))
    let name = try #require(own.keys.first)
    #expect(sentence.hasPrefix("\(name) is "), "\(sentence)")
    #expect(!sentence.contains("\n"))
  }

  @Test func `a name that could become too long stops the start`() throws {
    let sentence = try #require(
      problem(["BIGQUERY_TABLE": String(repeating: "x", count: 900), "TEMPLATE_SUFFIX": "_{user}"]))
    #expect(sentence.contains("1029 characters"))
    #expect(
      problem(["BIGQUERY_TABLE": String(repeating: "x", count: 895), "TEMPLATE_SUFFIX": "_{user}"])
        == nil)
  }

  @Test func `tables of two contracts cannot meet`() throws {
    let sentence = try #require(
      problem(["BIGQUERY_TABLE": "{contract}", "TEMPLATE_SUFFIX": "{user_id}"]))
    #expect(sentence.hasPrefix("TEMPLATE_SUFFIX has to be empty or begin with _"))
  }

  @Test func `a suffix of a column that the contract does not have stops the start`() throws {
    let package = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let contract = package.appendingPathComponent("infra/contracts/pixel.json").path
    #expect(problem(["CONTRACT": contract]) == nil)
    let sentence = try #require(
      problem(["CONTRACT": contract, "TEMPLATE_SUFFIX": "_{usr_id}_{date}"]))
    #expect(
      sentence == "TEMPLATE_SUFFIX names {usr_id}, which CONTRACT '\(contract)' does not have")
  }

  @Test(arguments: [
    ("", false), ("a", true), ("a_1", true), ("1a", false), ("_a", false), ("A", false),
    ("a-b", false), ("a.b", false), ("é", false), ("a\u{0}", false), ("a\n", false),
  ])
  func `a contract's name is a small word`(_ name: String, _ isGood: Bool) {
    #expect(TableName.isContract(name) == isGood)
    #expect(TableName.isContract(String(repeating: "a", count: 63)))
    #expect(!TableName.isContract(String(repeating: "a", count: 64)))
  }
}
