// SPDX-License-Identifier: MIT

/// An error of the table, the dataset or the project: nothing is wrong with any row, and each one fits once
/// somebody has put it right.
public struct TableTrouble: Error, Equatable, Sendable {
  public enum Kind: String, Equatable, Sendable, CaseIterable {
    case noSchema, notATable, billing, perimeter, encryption, access
    case tableMissing, datasetMissing, projectMissing
    /// BigQuery's message is all that is known.
    case other
  }

  public let kind: Kind
  /// BigQuery's own message.
  public let why: String

  public init(_ kind: Kind, why: String) {
    self.kind = kind
    self.why = why
  }
}

extension TableTrouble.Kind {
  /// The kind of a 404, which names what there is not.
  init(missing message: String) {
    let text = Words(message)
    if text.begin(["not found: dataset", "dataset "]) {
      self = .datasetMissing
    } else if text.begin(["not found: project", "project ", "the project "]) {
      self = .projectMissing
    } else {
      self = .tableMissing
    }
  }

  /// The kind that an error names which is no quota's; nil if it may as well be about a row.
  init?(refusal error: BigQueryError?) {
    let text = Words(error?.message ?? "")
    guard !text.begin(Self.rowBeginnings) else { return nil }
    if let (kind, _) = Self.words.first(where: { text.have($0.words) }) {
      self = kind
    } else if let kind = Self.reasons[error?.reason ?? ""] {
      self = kind
    } else {
      return nil
    }
  }

  /// The kind that an error of one row names. Its message may quote the row, so only its beginning counts.
  init?(ofRow error: ErrorDetail) {
    let text = Words(error.message)
    if let (kind, _) = Self.beginnings.first(where: { text.begin($0.words) }) {
      self = kind
    } else if let kind = Self.reasons[error.reason] {
      self = kind
    } else {
      return nil
    }
  }

  private static let reasons: [String: Self] = [
    "accessDenied": .access, "billingNotEnabled": .billing, "blocked": .billing,
    "notFound": .tableMissing,
  ]

  /// How messages begin that may quote a row.
  private static let rowBeginnings = [
    "invalid value at", "invalid json", "json ", "failed to parse", "could not parse",
    "could not convert", "cannot convert", "parse error", "error while reading", "no such field",
    "missing required field", "row ", "field ",
  ]

  private static let beginnings: [(kind: Self, words: [String])] = [
    (.noSchema, ["the destination table has no schema", "table has no schema"]),
    (.notATable, ["cannot add rows to", "cannot stream to", "cannot insert rows in"]),
    (.billing, ["billing has", "billing account", "access denied: bigquery bigquery: streaming"]),
    (.perimeter, ["vpc service controls", "request is prohibited by organization"]),
    (.encryption, ["cloud kms", "kms ", "cmek"]),
    (.access, ["access denied", "permission denied", "permission "]),
  ]

  private static let words: [(kind: Self, words: [String])] = [
    (.noSchema, ["has no schema"]),
    (
      .notATable,
      [
        "table of type", "because it is currently a", "not allowed for this operation",
        "is not a table", "materialized view", "external table",
      ]
    ),
    (.billing, ["billing", "free tier", "sandbox"]),
    (
      .perimeter,
      [
        "vpc service controls", "vpcservicecontrols", "vpc-sc", "prohibited by organization",
        "organization policy", "organization's policy", "perimeter",
      ]
    ),
    (.encryption, ["cmek", "kms", "cryptokey", "encryption key", "customer-managed"]),
    (
      .projectMissing,
      ["has not been used in project", "has not enabled bigquery", "api is disabled"]
    ),
    (.access, ["access denied", "permission"]),
    (
      .other,
      [
        "table id", "table_id", "tableid", "dataset id", "dataset_id", "datasetid", "project id",
        "project_id", "projectid", "destination table", "template", "provided schema",
        "is being deleted", "has been deleted", "location", "read-only", "read only",
      ]
    ),
  ]
}

/// What a 400 says about a whole insert.
enum RequestRefusal: Equatable {
  case table(TableTrouble.Kind)
  /// One row or more are to blame: with one alone it is that one.
  case rows
  /// It may be either.
  case unknown

  init(_ error: BigQueryError?) {
    if let kind = TableTrouble.Kind(refusal: error) {
      self = .table(kind)
    } else if let error, Words(error.message).have(Self.rowWords) {
      self = .rows
    } else {
      self = .unknown
    }
  }

  private static let rowWords = [
    "row", "field", "value", "json", "payload", "request size", "too large", "insertid",
    "insert id",
    "record", "utf-8", "column", "parse", "timestamp", "repeated", "timezone",
  ]
}

/// A message whose case does not matter.
private struct Words {
  private let bytes: [UInt8]

  init(_ message: String) { bytes = Array(message.lowercased().utf8) }

  func begin(_ options: [String]) -> Bool { options.contains { bytes.starts(with: $0.utf8) } }

  func have(_ options: [String]) -> Bool {
    options.contains { option in
      bytes.indices.contains { bytes[$0...].starts(with: option.utf8) }
    }
  }
}
