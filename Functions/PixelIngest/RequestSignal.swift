// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer
import PixelModel

extension PrivacyPolicy {
  /// The privacy signal of a request, in its headers or its URL; nil without a signal, or if signals are
  /// ignored.
  func signal(of request: Request) -> PrivacySignal? {
    guard signals != .ignore else { return nil }
    if request.withHeader("sec-gpc", { $0.equals("1") }) ?? false { return .gpc }
    let said = request.withTarget { target in
      let mark = target.firstIndex(of: UInt8(ascii: "?"), in: 0..<target.count)
      return signal(in: target, query: min(mark &+ 1, target.count)..<target.count)
    }
    if said == .gpc { return .gpc }
    return request.withHeader("dnt", { $0.equals("1") }) ?? false ? .dnt : said
  }

  /// The counters' name for an event that had this signal.
  func noteLabel(_ signal: PrivacySignal) -> String {
    (signals == .drop ? "dropped_" : "withheld_") + signal.rawValue
  }
}

extension ByteWriter {
  /// Appends path and query as the inside of a JSON string, with the visitor's id before the other
  /// parameters, since the first counts, and without those that fill personal columns.
  mutating func append(
    target: Span<UInt8>, visitor: [UInt8]?, _ withheld: PersonalColumns?
  ) {
    guard visitor != nil || withheld != nil else {
      return append(jsonEscaping: target, 0..<target.count)
    }
    let mark = target.firstIndex(of: UInt8(ascii: "?"), in: 0..<target.count)
    let query = min(mark &+ 1, target.count)..<target.count
    append(jsonEscaping: target, 0..<mark)
    append(UInt8(ascii: "?"))
    if let visitor {
      append("visitor_id=")
      append(visitor.span)
      append(UInt8(ascii: "&"))
    }
    guard let withheld else { return append(jsonEscaping: target, query) }
    var kept = ByteWriter(capacity: query.count)
    kept.append(query: query, of: target, without: withheld)
    append(jsonEscaping: kept.bytes.span, 0..<kept.count)
  }
}
