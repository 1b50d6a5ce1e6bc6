// SPDX-License-Identifier: MIT
import Bytes
import CSystem
import HTTPServer

/// Which trace and span a request belongs to, from whichever of the two headers it has.
///
/// `traceparent: 00-HEX32-HEX16-01` (W3C Trace Context) or `X-Cloud-Trace-Context: HEX32/DECIMAL;o=1`
/// (Google's older form), whose decimal span id Cloud Logging takes as 16 hex digits.
struct TraceContext: Equatable {
  /// The upper and the lower half of the id; never both zero.
  let high: UInt64
  let low: UInt64
  /// Nil if there is none.
  let span: UInt64?

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
      value[52] == UInt8(ascii: "-"), value[0].hexDigit != nil, value[1].hexDigit != nil,
      !value.equals("ff", at: 0..<2), let trace = Self.trace(value, at: 3),
      let span = Self.number(value, at: 36), span != 0
    else { return nil }
    (high, low) = trace
    self.span = span
  }

  init?(cloudTrace value: Span<UInt8>) {
    guard value.count >= 32, let trace = Self.trace(value, at: 0) else { return nil }
    (high, low) = trace
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
    span = number == 0 ? nil : number
  }

  /// An id of 32 hex digits that are not all zero.
  private static func trace(_ value: Span<UInt8>, at start: Int) -> (UInt64, UInt64)? {
    guard let high = number(value, at: start), let low = number(value, at: start + 16),
      high | low != 0
    else { return nil }
    return (high, low)
  }

  /// The number that the sixteen hex digits from `start` on write.
  private static func number(_ value: Span<UInt8>, at start: Int) -> UInt64? {
    guard let digits = value.blockIfAny(at: start), pixel_not_hex(digits) == 0 else { return nil }
    return pixel_hex_number(digits)
  }
}
