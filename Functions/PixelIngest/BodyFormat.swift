// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer

/// How the body of a `POST` is written, by its `Content-Type`.
enum BodyFormat {
  /// Also as text, which `sendBeacon` can send across origins without a preflight.
  case json
  /// JSON on a line each, and said so.
  case lines
  case form

  /// Nil if it is something else, or compressed.
  init?(_ request: Request) {
    let isPlain = request.withHeader("content-encoding") { coding in
      coding.count == 0 || coding.equalsIgnoringCase("identity", prefixOf: 0..<coding.count)
    }
    guard isPlain ?? true else { return nil }
    guard request.headerCount("content-type") > 0 else {
      self = .json
      return
    }
    let format = request.withHeader("content-type") { value -> BodyFormat? in
      var end = value.firstIndex(of: UInt8(ascii: ";"), in: 0..<value.count)
      while end > 0, value[end &- 1] == 0x20 || value[end &- 1] == 0x09 { end &-= 1 }
      func isType(_ name: StaticString) -> Bool {
        end == name.utf8CodeUnitCount && value.equalsIgnoringCase(name, prefixOf: 0..<end)
      }
      if isType("application/x-www-form-urlencoded") { return .form }
      if isType("application/x-ndjson") || isType("application/ndjson")
        || isType("application/jsonl") || isType("application/x-jsonlines")
      {
        return .lines
      }
      return isType("text/plain") || isType("application/json") || end == 0 ? .json : nil
    }
    guard let format, let format else { return nil }
    self = format
  }
}

extension Request {
  /// Lends the part of the target behind the first `?`, as sent.
  func withQuery<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try withPathAndQuery { target throws(E) in
      let mark = target.firstIndex(of: UInt8(ascii: "?"), in: 0..<target.count)
      return try body(target.extracting(min(mark &+ 1, target.count)..<target.count))
    }
  }
}
