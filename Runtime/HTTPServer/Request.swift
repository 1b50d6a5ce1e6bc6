// SPDX-License-Identifier: MIT
import Bytes

/// A request on loan: its bytes lie in the connection's buffer until the call is answered. After that
/// everything reads as empty.
public struct Request {
  let exchange: Exchange
  let call: UInt64

  public var method: Method { exchange.head.method }

  /// For `HTTPServer.admit` to set, which sees the head alone: the handler still has to find out whether the
  /// request is admitted.
  public var isUndecided: Bool {
    get { exchange.isUndecided }
    nonmutating set { exchange.isUndecided = newValue }
  }

  var isCurrent: Bool { exchange.isOpen(call) }

  /// Lends the request target as sent, path and query.
  @inlinable
  public func withTarget<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try with(targetRange, body)
  }

  /// Lends the body, without any transfer coding.
  @inlinable
  public func withBody<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try with(bodyRange, body)
  }

  /// The buffer that holds the body and where in it, for decoding in place.
  public var bodyInPlace: (buffer: Buffer, range: Range<Int>) {
    (exchange.input, bodyRange)
  }

  /// Where the header fields lie in the buffer of `bodyInPlace`.
  public var fieldsInPlace: [HeaderField] { isCurrent ? exchange.head.fields : [] }

  /// Lends the value of the first field called `name`, which must be in lower case.
  public func withHeader<R>(_ name: StaticString, _ body: (Span<UInt8>) -> R) -> R? {
    guard isCurrent else { return nil }
    return exchange.input.withSpan { bytes in
      for field in exchange.head.fields
      where ByteClass.equals(bytes, field.name, lowercase: name) {
        return body(bytes.extracting(field.value))
      }
      return nil
    }
  }

  /// The value of the first field called `name`, which must be in lower case.
  public func header(_ name: StaticString) -> String? {
    withHeader(name) { $0.string }
  }

  public func headerCount(_ name: StaticString) -> Int {
    guard isCurrent else { return 0 }
    return exchange.input.withSpan { bytes in
      exchange.head.fields.count { ByteClass.equals(bytes, $0.name, lowercase: name) }
    }
  }

  /// The target as text; bad UTF-8 is repaired.
  public var target: String { withTarget { $0.string } }

  /// The target up to the query, as sent. Of an absolute target the part behind the authority.
  public var path: String { withPath { $0.string } }

  /// The part of the target behind the first `?`, as sent.
  public var query: String? {
    withTarget { target in
      for index in target.indices where target[index] == UInt8(ascii: "?") {
        return target.string(index &+ 1..<target.count)
      }
      return nil
    }
  }

  /// A copy of the body.
  public var body: [UInt8] {
    withBody { span in
      [UInt8](capacity: span.count) { output in
        for index in span.indices { output.append(span[index]) }
      }
    }
  }

  /// Lends the path, as sent.
  @inlinable
  public func withPath<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
    try with(pathRange, body)
  }

  /// Lends the target from its path on, without the scheme and authority of an absolute one.
  @inlinable
  public func withPathAndQuery<R, E: Error>(
    _ body: (Span<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    try with(pathRange.lowerBound..<targetRange.upperBound, body)
  }

  /// The address at the other end of the connection, without port: the nearest front end's, if there is
  /// one.
  public var peerAddress: String { exchange.peerAddress }

  // For the lending functions, which are inlined into their callers. Once the call is answered all ranges are
  // empty.
  @usableFromInline var buffer: Buffer { exchange.input }
  @usableFromInline var targetRange: Range<Int> { isCurrent ? exchange.head.target : 0..<0 }
  @usableFromInline var pathRange: Range<Int> { isCurrent ? exchange.head.path : 0..<0 }
  @usableFromInline var bodyRange: Range<Int> { isCurrent ? exchange.body : 0..<0 }

  @inlinable @inline(__always)
  func with<R, E: Error>(
    _ range: Range<Int>, _ body: (Span<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    try buffer.withSpan { bytes throws(E) in try body(bytes.extracting(range)) }
  }
}

/// Where the path lies in a request target of origin form (`/a?b`) or absolute form (`http://h/a?b`),
/// RFC 9112 §3.2.
func pathRange(of target: Span<UInt8>) -> Range<Int> {
  let start = authorityEnd(of: target)
  return start..<ByteClass.find(UInt8(ascii: "?"), or: UInt8(ascii: "#"), in: target, from: start)
}

/// The end of an absolute target's authority; 0 if the target has no authority.
private func authorityEnd(of target: Span<UInt8>) -> Int {
  var index = 0
  while index < target.count, target[index].isSchemeByte { index &+= 1 }
  guard index > 0, index &+ 2 < target.count, target[index] == UInt8(ascii: ":"),
    target[index &+ 1] == UInt8(ascii: "/"), target[index &+ 2] == UInt8(ascii: "/")
  else { return 0 }
  index &+= 3
  while index < target.count, target[index] != UInt8(ascii: "/"), target[index] != UInt8(ascii: "?")
  {
    index &+= 1
  }
  return index
}
