// SPDX-License-Identifier: MIT

/// Why something was not simply done: the closed list of codes that appears in log lines, in the
/// `reason` attribute of rejected messages, and in the table of reasons in the docs.
public enum Reason: String, Sendable, CaseIterable {
  // Not a message at all: answered 400, nothing is recorded.

  /// The push body is not the JSON that Pub/Sub sends, or has no `message`.
  case malformedEnvelope = "malformed_envelope"
  /// `message.data` is not base64.
  case malformedData = "malformed_data"
  /// The request is not a valid CloudEvent.
  case malformedCloudEvent = "malformed_cloud_event"
  /// The request is a CloudEvent in a format other than JSON: answered 415.
  case unknownEventFormat = "unknown_event_format"
  /// The body of a push or an event has a `Content-Encoding`: answered 415.
  case contentEncoding = "content_encoding"

  // Rejected for good: recorded with the original bytes, then acknowledged.

  /// The message is not a JSON object, is not UTF-8, or nests deeper than 64 levels.
  case entryNotJSON = "entry_not_json"
  /// The entry has no usable `timestamp` or `receiveTimestamp`.
  case timestampMissing = "timestamp_missing"
  /// PixelIngest's own entry has no `httpRequest.requestUrl`.
  case requestURLMissing = "request_url_missing"
  /// A request for a pixel's URL has no method.
  case requestMethodMissing = "request_method_missing"
  /// Cloud Armor denied or redirected the request.
  case deniedBySecurityPolicy = "denied_by_security_policy"
  /// The hit names a contract that there is not.
  case contractUnknown = "contract_unknown"
  /// A REQUIRED column has no value.
  case missingRequired = "missing_required"
  /// The value of a REQUIRED column does not fit its type.
  case invalidValue = "invalid_value"
  /// The event is larger than one BigQuery row may be.
  case eventTooLarge = "event_too_large"
  /// The row that came to the loader is not a JSON object.
  case rowNotJSON = "row_not_json"
  /// The row has no `event_id`, neither as a column nor as an attribute.
  case eventIDMissing = "event_id_missing"
  /// The message names no contract, and the table's name needs one, or one that cannot exist.
  case contractInvalid = "contract_invalid"
  /// BigQuery refused the row; the detail is its own message.
  case rowInvalid = "row_invalid"

  // May succeed later: the push is answered 503 or 429 and comes again.

  /// Publishing to Pub/Sub failed.
  case publishFailed = "publish_failed"
  /// Inserting into BigQuery failed.
  case insertFailed = "insert_failed"
  /// BigQuery does not answer, so no insert is tried for the moment.
  case bigQueryDown = "bigquery_down"
  /// The table does not have one of the row's columns, or not yet.
  case schemaPending = "schema_pending"
  case tablePending = "table_pending"
  /// The destination table or dataset does not exist.
  case tableMissing = "table_missing"
  /// BigQuery takes no rows for the table, whatever they are: a log line says what to do.
  case tableRefused = "table_refused"
  /// The rejection could not be recorded, so the message may not be acknowledged yet.
  case rejectionNotRecorded = "rejection_not_recorded"
  /// As many calls are in flight as `MAX_IN_FLIGHT` allows.
  case overloaded = "overloaded"
  /// The call took longer than `REQUEST_TIMEOUT`.
  case deadlineExceeded = "deadline_exceeded"
  /// The function's own code failed.
  case handlerFailed = "handler_failed"
  /// The process is shutting down.
  case draining = "draining"
}
