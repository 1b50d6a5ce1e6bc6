// SPDX-License-Identifier: MIT
import FunctionRuntime
import GoogleCloud

public struct BQLoaderSettings: Sendable {
  let dataset: String
  let table: String
  let suffix: TemplateSuffix
  let rejectedTopic: TopicName
  let batchRows: Int
  let batchBytes: Int
  let batchLinger: Duration
  let maxInserts: Int
  let authentication: PushAuthentication
  let cloud: CloudSettings

  public init(_ reader: inout SettingsReader) {
    dataset = reader.requiredText("BIGQUERY_DATASET", "dataset with the template table")
    table = reader.text(
      "BIGQUERY_TABLE", default: "pixel", "template table; rows go to it plus the suffix")
    suffix = Self.suffix(&reader)
    rejectedTopic = TopicName(
      reader.text("REJECTED_TOPIC", default: "pixel-rejected", "topic for what can't become a row"),
      setting: "REJECTED_TOPIC", &reader)
    batchRows = reader.integer(
      "BATCH_ROWS", default: 500, in: 1...50_000, "rows of one insert at most")
    batchBytes = reader.bytes(
      "BATCH_BYTES", default: "9MB", in: 1_000...10_000_000,
      "bytes of one insert at most; BigQuery's limit is 10485760")
    batchLinger = reader.duration(
      "BATCH_LINGER", default: "5ms", in: .zero...(.seconds(10)),
      "how long a row waits for others while inserts are on their way")
    maxInserts = reader.integer(
      "MAX_INSERTS", default: 4, in: 1...64, "inserts on their way at once")
    authentication = PushAuthentication(&reader)
    cloud = CloudSettings(&reader, usesBigQuery: true)
    for (name, value, limit) in [
      ("BIGQUERY_DATASET", dataset, 1024), ("BIGQUERY_TABLE", table, 512),
    ]
    where !value.isEmpty && !Self.isName(value, limit) {
      reader.fail(
        SettingsError("\(name) is '\(value)': allowed are up to \(limit) letters, digits and _"))
    }
  }

  private static func suffix(_ reader: inout SettingsReader) -> TemplateSuffix {
    let standard = "_{user_id}_{date}"
    let pattern = reader.textOrEmpty(
      "TEMPLATE_SUFFIX", default: standard,
      "which table a row goes to: {column}, {date} and letters, digits, _; empty: the table itself")
    do throws(TemplateSuffixError) {
      return try TemplateSuffix(pattern: pattern)
    } catch {
      reader.fail(SettingsError("TEMPLATE_SUFFIX is '\(pattern)': \(error)"))
      return .none
    }
  }

  private static func isName(_ text: String, _ limit: Int) -> Bool {
    text.utf8.count <= limit
      && text.utf8.allSatisfy { ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F }
  }
}
