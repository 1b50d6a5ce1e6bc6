// SPDX-License-Identifier: MIT
import Bytes

/// Which trace and span a request belongs to, from whichever of the two headers it has.
///
/// `traceparent: 00-HEX32-HEX16-01` (W3C Trace Context) or `X-Cloud-Trace-Context: HEX32/DECIMAL;o=1`
/// (Google's older form), whose decimal span id Cloud Logging wants as 16 hex digits.
struct TraceContext: Equatable {
  /// 32 hex digits.
  let trace: String
  /// 16 hex digits; nil if there is none.
  let span: String?

  init?(_ request: Request) {
    if let found = request.withHeader("traceparent", { TraceContext(traceparent: $0) }) ?? nil {
      self = found
    } else if let found = request.withHeader(
      "x-cloud-trace-context", { TraceContext(cloudTrace: $0) }) ?? nil
    {
      self = found
    } else {
      return nil
    }
  }

  init?(traceparent value: Span<UInt8>) {
    // 2 + 1 + 32 + 1 + 16 + 1 + 2 characters; a later version may have more behind.
    guard value.count >= 55, value[2] == UInt8(ascii: "-"), value[35] == UInt8(ascii: "-"),
      value[52] == UInt8(ascii: "-"), Self.isHex(value, 0..<2), !value.equals("ff", at: 0..<2),
      let trace = Self.id(value, 3..<35), let span = Self.id(value, 36..<52)
    else { return nil }
    self.trace = trace
    self.span = span
  }

  init?(cloudTrace value: Span<UInt8>) {
    guard value.count >= 32, let trace = Self.id(value, 0..<32) else { return nil }
    self.trace = trace
    var number: UInt64 = 0
    var index = 33
    guard value.count > 33, value[32] == UInt8(ascii: "/") else {
      guard value.count == 32 || value[32] == UInt8(ascii: ";") else { return nil }
      span = nil
      return
    }
    while index < value.count, let digit = value[index].decimalDigit {
      let (tens, overflowed) = number.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tens.addingReportingOverflow(UInt64(digit))
      guard !overflowed, !overflow else { return nil }
      number = sum
      index += 1
    }
    guard index == value.count || value[index] == UInt8(ascii: ";") else { return nil }
    span = number == 0 ? nil : Self.hex(number)
  }

  /// An id in lower-case hex; one that is all zeros is none.
  private static func id(_ value: Span<UInt8>, _ range: Range<Int>) -> String? {
    guard isHex(value, range), range.contains(where: { value[$0] != UInt8(ascii: "0") }) else {
      return nil
    }
    return value.string(range).lowercased()
  }

  private static func isHex(_ value: Span<UInt8>, _ range: Range<Int>) -> Bool {
    range.allSatisfy { value[$0].hexDigit != nil }
  }

  private static func hex(_ number: UInt64) -> String {
    var writer = ByteWriter(capacity: 16)
    for shift in stride(from: 56, through: 0, by: -8) {
      writer.append(hex: UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
    return writer.bytes.span.string
  }
}
