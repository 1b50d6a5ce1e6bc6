// SPDX-License-Identifier: MIT
import Bytes
import FunctionRuntime
import GoogleCloud
import PixelModel
import Settings
import TimeZones

public struct BQLoaderSettings: Sendable {
  let dataset: String
  let table: TableName
  let suffix: TemplateSuffix
  let rejectedTopic: TopicName
  let batchRows: Int
  let batchBytes: Int
  /// Less in tests.
  var maxRequestBytes = InsertAllRequest.maxBytes
  let batchLinger: Duration
  let maxInserts: Int
  let schemaGrace: Duration
  let knownIDs: KnownIDs?
  let authentication: PushAuthentication
  let cloud: CloudSettings
  /// One for all workers.
  let state: LoaderState

  public init(_ reader: inout SettingsReader) {
    dataset = reader.requiredText("BIGQUERY_DATASET", "dataset with the template table")
    table = Self.table(&reader)
    suffix = Self.suffix(&reader)
    let tablesPerHour = reader.integer(
      "MAX_NEW_TABLES_PER_HOUR", default: 200, in: 0...36_000,
      "new tables that one instance makes, never above 10 a second; rows beyond go to _Zo and the date"
    )
    knownIDs = Self.knownIDs(&reader)
    schemaGrace = reader.duration(
      "SCHEMA_GRACE", default: "15m", in: .zero...(.seconds(7 * 86_400)),
      "a row with a column that its table does not have comes again until its message is that old")
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
      "how long a row waits for others while inserts are on their way; longer if an answer is due")
    maxInserts = reader.integer(
      "MAX_INSERTS", default: 32, in: 1...64,
      "inserts on their way at once, of all tables; together at most four times BATCH_BYTES")
    authentication = PushAuthentication(&reader)
    cloud = CloudSettings(&reader, usesBigQuery: true)
    state = LoaderState(
      gate: suffix.makesAnyNumberOfTables
        ? TableGate(
          dataset: dataset, prefix: table.before, tablesPerHour: tablesPerHour, cloud: cloud) : nil)
    if !dataset.isEmpty, !Self.isName(dataset) {
      reader.fail(
        SettingsError(
          "BIGQUERY_DATASET is '\(dataset)': allowed are up to 1024 letters, digits and _"))
    }
    checkNames(&reader)
    checkColumns(&reader)
  }

  /// Has the tables listed as soon as the program listens, and the template looked at a second later.
  func askForTables(_ worker: Worker) {
    state.gate?.start(worker)
    guard !table.hasContract else { return }
    let check = TemplateCheck(
      dataset: dataset, table: table.before, suffix: suffix, cloud: cloud)
    // Loaded in the background; the first row does not wait for it.
    worker.loop.schedule(after: .seconds(1)) { check.run(on: worker) }
  }

  // MARK: Reading

  private static func table(_ reader: inout SettingsReader) -> TableName {
    let text = reader.text(
      "BIGQUERY_TABLE", default: "pixel",
      "template table; rows go to it plus the suffix. {contract} is the message's attribute")
    if let table = TableName(text) { return table }
    reader.fail(
      SettingsError(
        "BIGQUERY_TABLE is '\(text)': allowed are up to \(TableName.maxBytes) letters, digits and _, "
          + "and once {contract}"))
    return TableName.standard
  }

  private static func suffix(_ reader: inout SettingsReader) -> TemplateSuffix {
    let standard = "_{user_id}_{date}"
    let pattern = reader.textOrEmpty(
      "TEMPLATE_SUFFIX", default: standard,
      "which table a row goes to: {column}, {bucket:column:N}, {date}, {month}, {hour} and letters, "
        + "digits, _; empty: the table itself")
    let name = reader.text(
      "TIME_ZONE", default: "UTC",
      "whose date it is: a name such as Europe/Berlin, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3"
    )
    let zone = ZoneOffsets(setting: name)
    if zone == nil {
      reader.fail(
        SettingsError(
          "TIME_ZONE is '\(name)': allowed is a file in \(ZoneOffsets.folder), which Debian's package "
            + "tzdata brings, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3"))
    }
    do throws(TemplateSuffixError) {
      return try TemplateSuffix(pattern: pattern, zone: zone ?? .utc)
    } catch {
      reader.fail(SettingsError("TEMPLATE_SUFFIX is '\(pattern)': \(error)"))
      return .none
    }
  }

  private static func knownIDs(_ reader: inout SettingsReader) -> KnownIDs? {
    let path = reader.optionalText(
      "KNOWN_IDS", "file of ids, one a line, that may have tables of their own; others go to _Zo")
    guard let path else { return nil }
    do {
      let ids = KnownIDs(file: try readFile(path, limit: KnownIDs.maxFileBytes))
      if ids == nil {
        reader.fail(
          SettingsError("KNOWN_IDS is '\(path)', which is not UTF-8: allowed is one id a line"))
      }
      return ids
    } catch {
      reader.fail(SettingsError("KNOWN_IDS is '\(path)', which can't be read: \(error)"))
      return nil
    }
  }

  // MARK: What has to fit together

  private func checkNames(_ reader: inout SettingsReader) {
    if table.maxLength + suffix.maxLength > TableName.maxBytes {
      reader.fail(
        SettingsError(
          "BIGQUERY_TABLE and TEMPLATE_SUFFIX can make a name of "
            + "\(table.maxLength + suffix.maxLength) characters: allowed are \(TableName.maxBytes)")
      )
    }
    if table.hasContract, !suffix.beginsWithUnderscore {
      reader.fail(
        SettingsError(
          "TEMPLATE_SUFFIX has to be empty or begin with _ if BIGQUERY_TABLE has {contract}: else the "
            + "tables of two contracts could meet"))
    }
  }

  private func checkColumns(_ reader: inout SettingsReader) {
    let path = reader.optionalText(
      "CONTRACT",
      "schema file, only to check at the start that the suffix's columns exist; without it the template "
        + "table is looked at, and what is wrong is an error line")
    guard let path else { return }
    do {
      let contract = try Contract(json: try readFile(path), name: "for TEMPLATE_SUFFIX")
      guard let column = suffix.columnMissing(from: Set(contract.columns.map(\.name))) else {
        return
      }
      reader.fail(
        SettingsError("TEMPLATE_SUFFIX names {\(column)}, which CONTRACT '\(path)' does not have"))
    } catch {
      reader.fail(
        SettingsError("CONTRACT is '\(path)', which is no BigQuery schema file. \(error)"))
    }
  }

  private static func isName(_ text: String) -> Bool {
    text.utf8.count <= 1024 && text.utf8.allSatisfy(\.isNameByte)
  }
}
