// SPDX-License-Identifier: MIT
import Foundation

extension Column.Kind {
  /// What is wrong with a value, in BigQuery's words.
  struct Unconvertible: Error, Equatable {
    let message: String
    init(_ message: String) { self.message = message }
  }

  /// The value as the table keeps it, in the form BigQuery's own JSON export has: 64-bit integers
  /// and decimals are strings, times are text.
  func convert(_ value: JSON, field: String) throws(Unconvertible) -> JSON {
    switch value {
    case .array: throw Unconvertible("Array specified for non-repeated field: \(field).")
    case .object where self != .json && self != .range:
      throw Unconvertible("This field: \(field) is not a record.")
    default: break
    }
    switch self {
    case .string, .geography, .interval: return .string(try text(value))
    case .integer: return .string(String(try integer(value)))
    case .float: return try float(value)
    case .boolean: return .bool(try boolean(value))
    case .numeric: return .string(try decimal(value, integerDigits: 29, fractionDigits: 9))
    case .bigNumeric: return .string(try bigDecimal(value))
    case .timestamp: return .string(try timestamp(value))
    case .date: return .string(try civil(value, "date", CivilTimeParser.date).date)
    case .time: return .string(try civil(value, "time string", CivilTimeParser.time).time)
    case .dateTime:
      let civil = try civil(value, "datetime string", CivilTimeParser.dateTime)
      return .string("\(civil.date)T\(civil.time)")
    case .bytes: return .string(try base64(value))
    case .json: return .string(try jsonText(value))
    case .range: return try range(value)
    case .record: throw Unconvertible("This field: \(field) is a record.")
    }
  }

  /// A number becomes text; a boolean does not.
  private func text(_ value: JSON) throws(Unconvertible) -> String {
    switch value {
    case .string(let text), .number(let text): return text
    default: throw Unconvertible("Conversion from bool to string is unsupported.")
    }
  }

  private func written(_ value: JSON) -> String { value.string ?? value.text }

  private func integer(_ value: JSON) throws(Unconvertible) -> Int64 {
    switch value {
    case .string(let text), .number(let text):
      if let number = Int64(text) { return number }
      if case .number = value, let number = Double(text), let whole = Int64(exactly: number) {
        return whole
      }
    default: break
    }
    throw Unconvertible("Cannot convert value to integer (bad value): \(written(value))")
  }

  private func float(_ value: JSON) throws(Unconvertible) -> JSON {
    switch value {
    case .number: return value
    case .string(let text):
      switch text.lowercased() {
      case "nan": return "NaN"
      case "inf", "+inf", "infinity", "+infinity": return "Infinity"
      case "-inf", "-infinity": return "-Infinity"
      default: break
      }
      // Swift also reads hexadecimal floats, which BigQuery does not.
      let plain = text.utf8.allSatisfy { "+-.0123456789eE".utf8.contains($0) }
      if plain, let number = Double(text), number.isFinite { return .number("\(number)") }
    default: break
    }
    throw Unconvertible("Cannot convert value to floating point (bad value): \(written(value))")
  }

  private func boolean(_ value: JSON) throws(Unconvertible) -> Bool {
    switch value {
    case .bool(let flag): return flag
    case .string(let text) where text.lowercased() == "true": return true
    case .string(let text) where text.lowercased() == "false": return false
    default:
      throw Unconvertible("Cannot convert value to boolean (bad value): \(written(value))")
    }
  }

  private func decimal(
    _ value: JSON, integerDigits: Int, fractionDigits: Int
  ) throws(Unconvertible) -> String {
    if case .bool = value {
    } else if let number = Decimal38(written(value)),
      let rounded = number.rounded(integerDigits: integerDigits, fractionDigits: fractionDigits)
    {
      return rounded
    }
    throw Unconvertible("Invalid \(rawValue) value: \(written(value))")
  }

  /// Up to 2²⁵⁵ units of 10⁻³⁸: 38 digits before the point, and a 39th up to 5.78.
  private func bigDecimal(_ value: JSON) throws(Unconvertible) -> String {
    let text = try decimal(value, integerDigits: 39, fractionDigits: 38)
    let halves = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    guard halves[0].count == 39 else { return text }
    let fraction = halves.count > 1 ? String(halves[1]) : ""
    let digits = halves[0] + fraction.padding(toLength: 38, withPad: "0", startingAt: 0)
    let most = "57896044618658097711785492504343953926634992332820282019728792003956564819967"
    guard digits <= most else { throw Unconvertible("Invalid BIGNUMERIC value: \(text)") }
    return text
  }

  private func timestamp(_ value: JSON) throws(Unconvertible) -> String {
    let problem = Unconvertible(
      "Could not parse '\(written(value))' as a timestamp. Required format is "
        + "YYYY-MM-DD HH:MM[:SS[.SSSSSS]]")
    switch value {
    case .string(let text):
      do {
        return try inRange(try CivilTimeParser.timestamp(text), problem)
      } catch CivilTimeParser.Problem.unknownZone(let name) {
        throw Unconvertible("Unrecognized timezone: \(name)")
      } catch {
        throw problem
      }
    case .number(let text):
      // Seconds, whatever the sender meant: milliseconds end up in the year 50000.
      guard let seconds = Double(text), abs(seconds) < 1e12 else { throw problem }
      return try inRange(Int64((seconds * 1e6).rounded()), problem)
    default: throw problem
    }
  }

  private func inRange(_ microseconds: Int64, _ problem: Unconvertible) throws(Unconvertible)
    -> String
  {
    let civil = CivilTime(unixMicroseconds: microseconds)
    guard civil.isValid else { throw problem }
    return "\(civil.date)T\(civil.time)Z"
  }

  private func civil(
    _ value: JSON, _ what: String,
    _ parse: (String) throws(CivilTimeParser.Problem) -> CivilTime
  ) throws(Unconvertible) -> CivilTime {
    if let text = value.string, let civil = try? parse(text) { return civil }
    throw Unconvertible("Invalid \(what): '\(written(value))'")
  }

  /// `{"start":…,"end":…}`; what is null or absent is unbounded.
  private func range(_ value: JSON) throws(Unconvertible) -> JSON {
    if let members = value.members, Set(members.names).isSubset(of: ["start", "end"]) {
      return value
    }
    throw Unconvertible("Invalid RANGE value: \(written(value))")
  }

  private func base64(_ value: JSON) throws(Unconvertible) -> String {
    if let text = value.string, Data(base64Encoded: text) != nil { return text }
    throw Unconvertible("Could not decode base64 string to bytes.")
  }

  /// A JSON column takes the text of a JSON value in a string, hence twice encoded.
  private func jsonText(_ value: JSON) throws(Unconvertible) -> String {
    if let text = value.string, let parsed = try? JSON.parse(Array(text.utf8)) {
      if let number = parsed.inexactNumber {
        throw Unconvertible("Invalid JSON value: \(number) cannot round-trip through double")
      }
      return parsed.text
    }
    throw Unconvertible("Invalid JSON value: \(written(value))")
  }
}

extension JSON {
  /// A number in it that is neither an integer of 64 bits nor a double with the same digits: `PARSE_JSON` with
  /// its usual `wide_number_mode`, `exact`, refuses it.
  fileprivate var inexactNumber: String? {
    switch self {
    case .number(let text):
      if Int64(text) != nil || UInt64(text) != nil { return nil }
      guard let double = Double(text), double.isFinite else { return text }
      // To the 40 digits that it has, and no more: a number as long as that is refused.
      guard text.utf8.count <= 40 else { return text }
      let format = Locale(identifier: "en_US_POSIX")
      guard abs(double) > 1e-90, abs(double) < 1e90 else { return nil }
      return Decimal(string: text, locale: format)
        == Decimal(string: double.description, locale: format) ? nil : text
    case .array(let items): return items.lazy.compactMap(\.inexactNumber).first
    case .object(let members): return members.lazy.compactMap { $0.1.inexactNumber }.first
    default: return nil
    }
  }
}
