// SPDX-License-Identifier: MIT

/// How many parameters of one hit did not go into its row, by why.
public struct OmittedParameters: Equatable, Sendable {
  /// No column has that name, or a fact of the request fills it.
  public internal(set) var unknown = 0
  /// The column holds one value, and an earlier parameter had given it.
  public internal(set) var repeated = 0
  /// Beyond the 256 that one hit may bring, or an element beyond index 99.
  public internal(set) var overLimit = 0
  /// The name is longer than any column's may be.
  public internal(set) var nameTooLong = 0
  /// The value does not fit its column; it is in `_unparsed`, if the contract has that.
  public internal(set) var misfit = 0

  public init() {}

  /// The counts that are not zero, under the codes of the minute's report.
  public var counts: [(code: String, count: Int)] {
    guard self != OmittedParameters() else { return [] }
    return [
      (code: "parameters_unknown", count: unknown), ("parameters_repeated", repeated),
      ("parameters_over_limit", overLimit), ("parameters_name_too_long", nameTooLong),
      ("values_misfit", misfit),
    ].filter { $0.count > 0 }
  }
}
