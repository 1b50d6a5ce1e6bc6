// SPDX-License-Identifier: MIT
import Bytes

extension ByteWriter {
  /// Appends JSON text as a JSON column takes it, in a string; appends nothing and returns false if it is not
  /// JSON, or has a number beyond a double's range.
  ///
  /// BigQuery's JSON has 64-bit integers and doubles, and its `PARSE_JSON` refuses, unless it is told to round,
  /// a row with a number that would lose digits. Such a number becomes a text of the same digits.
  mutating func append(jsonColumn text: Span<UInt8>) -> Bool {
    var scanner = JSONScanner()
    guard (try? scanner.value(in: text)) != nil, (try? scanner.finish(in: text)) != nil else {
      return false
    }
    guard scanner.sawWideNumber else {
      append(json: text)
      return true
    }
    var exact = ByteWriter(capacity: text.count &+ 16)
    guard exact.append(exactNumbersOf: text) else { return false }
    append(json: exact.bytes.span)
    return true
  }

  /// Appends JSON with the numbers that BigQuery would round as texts; false if a double holds one not at all.
  private mutating func append(exactNumbersOf json: Span<UInt8>) -> Bool {
    var at = 0
    while at < json.count {
      let start = at
      switch json[at] {
      case UInt8(ascii: "\""):
        at = json.endOfString(from: at)
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        while at < json.count, json[at].isInNumber { at &+= 1 }
        switch ExactNumber(json.extracting(start..<at)) {
        case .exact: break
        case .endless: return false
        case .rounded:
          append(json: json, start..<at)
          continue
        }
      default: at &+= 1
      }
      append(json, start..<at)
    }
    return true
  }
}

/// The form in which BigQuery's JSON keeps a number.
enum ExactNumber {
  case exact
  /// A double has other digits.
  case rounded
  /// It is beyond a double's range.
  case endless

  /// - Parameter text: A number as JSON writes it.
  init(_ text: Span<UInt8>) {
    let string = text.string
    if Int64(string) != nil || UInt64(string) != nil {
      self = .exact
      return
    }
    guard let value = Double(string), value.isFinite else {
      self = .endless
      return
    }
    let digits = Digits(string)
    self = digits == Digits(value.description) && !digits.isNearHalf(of: value) ? .exact : .rounded
  }

  /// A number's digits from the first to the last that is not zero, and where its point is.
  private struct Digits: Equatable {
    private var digits: [UInt8] = []
    private var point = 0

    init(_ text: String) {
      let parts = text.split { $0 == "e" || $0 == "E" }
      let number = parts.first?.drop { $0 == "-" } ?? ""
      let halves = number.split(separator: ".", omittingEmptySubsequences: false)
      let all = Array(halves.joined().utf8)
      let zeros = all.prefix { $0 == UInt8(ascii: "0") }.count
      digits = Array(all.dropFirst(zeros))
      while digits.last == UInt8(ascii: "0") { digits.removeLast() }
      // Zero has no digits, and its point does not matter.
      guard !digits.isEmpty else { return }
      let exponent = parts.count > 1 ? Int(parts[1]) ?? .max : 0
      point = (halves.first?.count ?? 0) &- zeros &+ exponent
    }

    /// Whether the number lies so near the middle of two doubles, as 1e23 does, that not all readers take the
    /// same one: then BigQuery may find that it reads another.
    func isNearHalf(of value: Double) -> Bool {
      guard !digits.isEmpty, digits.count <= 18 else { return !digits.isEmpty }
      let padded = digits + [UInt8](repeating: UInt8(ascii: "0"), count: 18 - digits.count)
      guard let number = padded.span.decimal(at: 0..<18) else { return true }
      return [number - 1, number + 1].contains { Double("\($0)e\(point - 18)") != value.magnitude }
    }
  }
}

extension Span where Element == UInt8 {
  /// The end of the string in valid JSON whose opening quote is at `start`.
  fileprivate func endOfString(from start: Int) -> Int {
    var at = start &+ 1
    while at < count, self[at] != UInt8(ascii: "\"") {
      at &+= self[at] == UInt8(ascii: "\\") ? 2 : 1
    }
    return Swift.min(at &+ 1, count)
  }
}

extension UInt8 {
  fileprivate var isInNumber: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }
}
