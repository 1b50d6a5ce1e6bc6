// SPDX-License-Identifier: MIT

/// Bytes under construction: a request body, a row, a log line.
public struct ByteWriter: Sendable {
  public var bytes: [UInt8]

  public init(capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  public var count: Int { bytes.count }

  @inline(__always)
  public mutating func append(_ byte: UInt8) { bytes.append(byte) }

  @inline(__always)
  public mutating func append(_ text: StaticString) {
    text.withSpan { append($0) }
  }

  /// Disfavored, so that a literal is not made a `String` first.
  @inline(__always)
  @_disfavoredOverload
  public mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  @inline(__always)
  public mutating func append(_ span: Span<UInt8>) {
    bytes.append(addingCapacity: span.count) { $0.append(span) }
  }

  /// Appends the bytes of `span` in `range`; traps if it is out of bounds, so pass scanner results only.
  @inline(__always)
  public mutating func append(_ span: Span<UInt8>, _ range: Range<Int>) {
    append(span.extracting(range))
  }

  /// Drops all bytes behind the first `newCount`.
  public mutating func truncate(to newCount: Int) {
    precondition(newCount >= 0 && newCount <= count)
    bytes.removeLast(count - newCount)
  }

  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}
