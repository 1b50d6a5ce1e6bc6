// SPDX-License-Identifier: MIT
import Envelopes

/// Rejected for good: recorded with the original bytes, then acknowledged.
extension Reason {
  /// The message is not a JSON object, is not UTF-8, or nests deeper than 64 levels.
  public static let entryNotJSON = Reason("entry_not_json")
  /// The entry has no usable `timestamp` or `receiveTimestamp`.
  public static let timestampMissing = Reason("timestamp_missing")
  /// PixelIngest's own entry has no `httpRequest.requestUrl`.
  public static let requestURLMissing = Reason("request_url_missing")
  /// Cloud Armor denied or redirected the request.
  public static let deniedBySecurityPolicy = Reason("denied_by_security_policy")
  /// The hit names a contract that there is not.
  public static let contractUnknown = Reason("contract_unknown")
  /// A REQUIRED column has no value.
  public static let missingRequired = Reason("missing_required")
  /// The value of a REQUIRED column does not fit its type.
  public static let invalidValue = Reason("invalid_value")
  /// The event is larger than one BigQuery row may be.
  public static let eventTooLarge = Reason("event_too_large")
  /// The row that came to the loader is not a JSON object.
  public static let rowNotJSON = Reason("row_not_json")
  /// The row has no `event_id`, neither as a column nor as an attribute.
  public static let eventIDMissing = Reason("event_id_missing")
  /// The message names no contract, and the table's name needs one, or one that cannot exist.
  public static let contractInvalid = Reason("contract_invalid")
  /// BigQuery refused the row; the detail is its own message.
  public static let rowInvalid = Reason("row_invalid")
  /// A request for a pixel's URL has no method.
  public static let requestMethodMissing = Reason("request_method_missing")
}

/// May succeed later: the push is answered 503 or 429 and comes again.
extension Reason {
  /// Publishing to Pub/Sub failed.
  public static let publishFailed = Reason("publish_failed")
  /// Inserting into BigQuery failed.
  public static let insertFailed = Reason("insert_failed")
  /// BigQuery does not answer, so no insert is tried for the moment.
  public static let bigQueryDown = Reason("bigquery_down")
  /// The table does not have one of the row's columns, or not yet.
  public static let schemaPending = Reason("schema_pending")
  public static let tablePending = Reason("table_pending")
  /// The destination table or dataset does not exist.
  public static let tableMissing = Reason("table_missing")
  /// BigQuery takes no rows for the table, whatever they are: a log line says what to do.
  public static let tableRefused = Reason("table_refused")

  /// Those of both extensions.
  public static let ofPipeline: [Reason] = [
    .entryNotJSON, .timestampMissing, .requestURLMissing, .deniedBySecurityPolicy,
    .contractUnknown, .missingRequired, .invalidValue, .eventTooLarge, .rowNotJSON,
    .eventIDMissing, .contractInvalid, .rowInvalid, .requestMethodMissing, .publishFailed,
    .insertFailed, .bigQueryDown, .schemaPending, .tablePending, .tableMissing,
    .tableRefused,
  ]
}
