// SPDX-License-Identifier: MIT

/// Which numbers a NUMERIC or BIGNUMERIC column holds, and how BigQuery rounds the others.
///
/// Digits behind the point beyond the scale are rounded; a number that has more digits before the point than
/// fit is refused ([parameterized data types](
/// https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#parameterized_decimal_type)).
public struct DecimalLimits: Equatable, Sendable {
  /// Digits before the point. One more begins for BIGNUMERIC without precision: see `hasPartialDigit`.
  public var wholeDigits: Int { Int(smallWholeDigits) }
  /// Digits behind the point.
  public var scale: Int { Int(smallScale) }
  // Small, since a column is copied for each value that is written.
  private let smallWholeDigits: UInt8
  private let smallScale: UInt8
  /// Whether a 39th digit before the point is possible below 5.79 × 10³⁸.
  public let hasPartialDigit: Bool
  /// Whether halves go to the even neighbour, else away from zero.
  public let roundsHalfToEven: Bool

  public init(
    wholeDigits: Int, scale: Int, hasPartialDigit: Bool = false, roundsHalfToEven: Bool = false
  ) {
    smallWholeDigits = UInt8(clamping: wholeDigits)
    smallScale = UInt8(clamping: scale)
    self.hasPartialDigit = hasPartialDigit
    self.roundsHalfToEven = roundsHalfToEven
  }

  /// Those of a column without precision and scale; nil for other types.
  init?(of type: ColumnType, roundsHalfToEven: Bool = false) {
    guard let (whole, scale) = Self.largest(type) else { return nil }
    self.init(
      wholeDigits: whole, scale: scale, hasPartialDigit: type == .bigNumeric,
      roundsHalfToEven: roundsHalfToEven)
  }

  /// Those of a column as its schema has them; the error says what is allowed.
  static func read(
    _ type: ColumnType, precision: String?, scale: String?, rounding: String?
  ) throws(Problem) -> DecimalLimits? {
    guard let largest = largest(type) else {
      guard precision == nil, scale == nil else {
        throw Problem("has a precision or scale, which only NUMERIC and BIGNUMERIC can have")
      }
      return nil
    }
    let isEven = rounding == "ROUND_HALF_EVEN"
    guard let precision else {
      guard scale == nil else { throw Problem("has a scale without a precision") }
      return DecimalLimits(of: type, roundsHalfToEven: isEven)
    }
    guard let behind = Int(scale ?? "0"), 0...largest.scale ~= behind else {
      throw Problem("has the scale \(scale ?? ""): allowed are 0 to \(largest.scale)")
    }
    let allowed = max(1, behind)...(largest.whole + behind)
    guard let digits = Int(precision), allowed ~= digits else {
      throw Problem(
        "has the precision \(precision): with a scale of \(behind) allowed are "
          + "\(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return DecimalLimits(wholeDigits: digits - behind, scale: behind, roundsHalfToEven: isEven)
  }

  /// Half a sentence, to stand behind the column's name.
  struct Problem: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  private static func largest(_ type: ColumnType) -> (whole: Int, scale: Int)? {
    switch type {
    case .numeric: (29, 9)
    case .bigNumeric: (38, 38)
    default: nil
    }
  }
}
