// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import Testing

@testable import BQLoader
@testable import GoogleCloud

/// Errors of the table, the dataset or the project: the rows come again, and an operator is told what to do.
@Suite struct TableTroubleTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let status: Int
    let reason: String
    let message: String
    let kind: TableTrouble.Kind
    /// Words of the advice.
    let advice: String

    var testDescription: String { "\(status) \(message)" }
  }

  static let cases = [
    Case(
      status: 400, reason: "invalid", message: "The destination table has no schema.",
      kind: .noSchema, advice: "bq update d.pixel infra/contracts/pixel.json"),
    Case(
      status: 400, reason: "invalid", message: "Cannot add rows to a table of type VIEW.",
      kind: .notATable, advice: "BIGQUERY_TABLE"),
    Case(
      status: 400, reason: "invalid", message: "Cannot add rows to a table of type EXTERNAL.",
      kind: .notATable, advice: "BIGQUERY_TABLE"),
    Case(
      status: 400, reason: "invalid",
      message: "p:d.pixel is not allowed for this operation because it is currently a VIEW.",
      kind: .notATable, advice: "BIGQUERY_TABLE"),
    Case(
      status: 403, reason: "billingNotEnabled",
      message: "Billing has not been enabled for this project. Enable billing at https://x.",
      kind: .billing, advice: "gcloud billing projects link"),
    Case(
      status: 400, reason: "invalid", message: "The project p has not enabled billing.",
      kind: .billing, advice: "gcloud billing projects link"),
    Case(
      status: 403, reason: "accessDenied",
      message:
        "Access Denied: BigQuery BigQuery: Streaming insert is not allowed in the free tier",
      kind: .billing, advice: "gcloud billing projects link"),
    Case(
      status: 403, reason: "accessDenied",
      message: "VPC Service Controls: Request is prohibited by organization's policy.",
      kind: .perimeter, advice: "VPC Service Controls"),
    Case(
      status: 400, reason: "invalid",
      message:
        "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: x",
      kind: .perimeter, advice: "VPC Service Controls"),
    Case(
      status: 400, reason: "badRequest", message: "Cloud KMS key projects/p/key is disabled.",
      kind: .encryption, advice: "cryptoKeyEncrypterDecrypter"),
    Case(
      status: 403, reason: "accessDenied",
      message: "Please grant Cloud KMS CryptoKey Encrypter/Decrypter role to encrypt the table.",
      kind: .encryption, advice: "cryptoKeyEncrypterDecrypter"),
    Case(
      status: 403, reason: "accessDenied",
      message: "Access Denied: Table p:d.pixel: Permission bigquery.tables.updateData denied",
      kind: .access, advice: "roles/bigquery.dataEditor"),
    Case(
      status: 400, reason: "invalid", message: "Invalid table ID 'pixel'.", kind: .other,
      advice: "its own message"),
    Case(status: 409, reason: "other", message: "M", kind: .other, advice: "its own message"),
  ]

  @Test(arguments: cases)
  func `no row is rejected, and an error line names the table and what to do`(_ item: Case) throws {
    let fake = try FakeBigQuery()
    let error = FakeBigQuery.error(item.reason, item.message)
    let result = try LoaderAnswerTests.run(
      fake, ["BATCH_LINGER": "1s"], rows: (0..<4).map { row("e\($0)") }
    ) { _, _ in .status(item.status, error) }
    #expect(result.statuses == [503, 503, 503, 503])
    #expect(fake.rejected.isEmpty)
    let line = try #require(
      result.log.split(separator: "\n").first { $0.contains(#""severity":"ERROR""#) })
    #expect(line.contains(item.advice) && line.contains("d.pixel"), "\(line)")
    #expect(result.log.contains(#""reason":"table_refused""#))
    // Nothing is gained by asking again at once.
    #expect(fake.inserts.count <= 4)
    let kind = TableTrouble.Kind(
      refusal: BigQueryError(Array(FakeBigQuery.error(item.reason, item.message).utf8)))
    #expect((kind ?? .other) == item.kind)
  }

  @Test(arguments: [
    ("invalid", "The destination table has no schema."),
    ("invalid", "Cannot add rows to a table of type VIEW."), ("accessDenied", ""),
    ("billingNotEnabled", "Billing has not been enabled for this project."), ("notFound", ""),
  ])
  func `neither is a row that the answer names for it`(_ reason: String, _ message: String) throws {
    let fake = try FakeBigQuery()
    let result = try LoaderAnswerTests.run(fake) { _, _ in .rows([0: (reason, message)]) }
    #expect(result.statuses == [503])
    #expect(fake.rejected.isEmpty)
    #expect(result.log.contains(#""severity":"ERROR""#))
  }

  @Test(arguments: [
    "Cannot convert value to integer (bad value): The destination table has no schema.",
    "Cannot convert value to integer (bad value): billing",
    "Field x: no such field: cmek, access denied.",
  ])
  func `a row's own text does not excuse it`(_ message: String) throws {
    for answer in [
      FakeBigQuery.Answer.rows([0: ("invalid", message)]),
      .status(400, FakeBigQuery.error("invalid", message)),
    ] {
      let fake = try FakeBigQuery()
      let result = try LoaderAnswerTests.run(fake) { _, _ in answer }
      #expect(result.statuses == [204])
      #expect(fake.rejected.map { $0["reason"] } == ["row_invalid"])
    }
  }

  @Test(arguments: [
    ("Not found: Dataset p:d", TableTrouble.Kind.datasetMissing),
    ("Not found: Table p:d.pixel", .tableMissing),
    ("Table 123:dataset.project not found.", .tableMissing),
    ("Table is deleted: 1:d.t", .tableMissing), ("Not found: Project p", .projectMissing),
    ("Dataset p:d was not found in location EU", .datasetMissing), ("", .tableMissing),
  ])
  func `a 404 says what there is not`(_ message: String, _ kind: TableTrouble.Kind) {
    #expect(TableTrouble.Kind(missing: message) == kind)
  }

  @Test(arguments: TableTrouble.Kind.allCases)
  func `each kind has an advice that names dataset and table`(_ kind: TableTrouble.Kind) {
    #expect(TableAdvice.text(kind, dataset: "d", table: "t").contains("d.t"))
  }

  @Test func `what is wrong is said once a minute for each subject`() {
    let state = LoaderState(gate: nil)
    let now = Instant(nanoseconds: 0)
    #expect(state.mayComplain(of: "a", now))
    #expect(!state.mayComplain(of: "a", now + .seconds(59)))
    #expect(state.mayComplain(of: "b", now))
    #expect(state.mayComplain(of: "a", now + .seconds(60)))
  }
}
