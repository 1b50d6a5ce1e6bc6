// SPDX-License-Identifier: MIT
import GoogleCloud

/// What an operator has to do about a table that takes no rows: one sentence or two for the log.
enum TableAdvice {
  static func text(_ kind: TableTrouble.Kind, dataset: String, table: String) -> String {
    let name = "\(dataset).\(table)"
    switch kind {
    case .tableMissing: return missingTable(name)
    case .datasetMissing:
      return
        "The dataset \(dataset) does not exist: create it by 'bq --location=LOCATION mk --dataset "
        + "\(dataset)', then its template table by '\(makeTable(name))'."
    case .projectMissing:
      return
        "BigQuery can't be used in the project of \(name): check GOOGLE_CLOUD_PROJECT, and run "
        + "'gcloud services enable bigquery.googleapis.com' for that project."
    case .noSchema:
      return "Table \(name) has no schema, so it takes no rows: give it one by 'bq update \(name) "
        + "\(schema)'."
    case .notATable:
      return
        "\(name) is a view or something else that takes no rows: name a table in BIGQUERY_TABLE, or "
        + "remove what is there and run '\(makeTable(name))'."
    case .billing:
      return
        "BigQuery takes no rows for \(name) without billing: link an account by 'gcloud billing "
        + "projects link PROJECT --billing-account=ACCOUNT'."
    case .perimeter:
      return
        "A VPC Service Controls perimeter or an organization policy keeps rows from \(name): allow "
        + "this service account to use bigquery.googleapis.com there."
    case .encryption:
      return
        "The encryption key of \(name) can't be used: see that it is enabled, and that BigQuery's "
        + "service agent has roles/cloudkms.cryptoKeyEncrypterDecrypter on it."
    case .access:
      return
        "This service account may not add rows to \(name): give it roles/bigquery.dataEditor on the "
        + "dataset \(dataset)."
    case .other: return "BigQuery takes no rows for \(name): the detail is its own message."
    }
  }

  private static func missingTable(_ name: String) -> String {
    "The template table \(name) does not exist: create it by '\(makeTable(name))'."
  }

  private static let schema = "infra/contracts/pixel.json"

  private static func makeTable(_ name: String) -> String {
    "bq mk --table --schema=\(schema) \(name)"
  }
}
