// SPDX-License-Identifier: MIT
import Envelopes

/// Reasons as a function of anybody's has them.
extension Reason {
  static let entryNotJSON = Reason("entry_not_json")
  static let invalidValue = Reason("invalid_value")
  static let publishFailed = Reason("publish_failed")
  static let tableMissing = Reason("table_missing")
}
