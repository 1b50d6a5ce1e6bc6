// SPDX-License-Identifier: MIT
import Bytes

/// The kind of a request's body, as its headers say; each header is read once.
public struct PushHead: Sendable {
  /// How an event is laid out (HTTP Protocol Binding 1.0.2 §3).
  public enum Mode: Equatable, Sendable {
    case structured
    case batch
    /// Structured or batch, in a format that is not JSON.
    case unknownFormat
    /// All required attributes are headers.
    case binary
    /// Some required attributes are headers, but not these.
    case incomplete(missing: [String])
    /// No sign of an event.
    case none
  }

  public private(set) var mode = Mode.none
  /// Whether it has `x-goog-pubsub-message-id`, as an unwrapped push with metadata does.
  public private(set) var hasMessageID = false
  private var required: UInt8 = 0

  public init(_ fields: [HeaderField], in bytes: Span<UInt8>) {
    for field in fields {
      // Most headers are told by the length of their names alone.
      switch field.name.count {
      case 5: mark(field, "ce-id", 1, in: bytes)
      case 7: mark(field, "ce-type", 2, in: bytes)
      case 9: mark(field, "ce-source", 4, in: bytes)
      case 14: mark(field, "ce-specversion", 8, in: bytes)
      case 12 where field.isNamed("content-type", in: bytes):
        readContentType(field.value, in: bytes)
      case 24 where field.isNamed("x-goog-pubsub-message-id", in: bytes): hasMessageID = true
      default: break
      }
    }
    guard mode == .none, required != 0 else { return }
    let names: [(UInt8, String)] = [(1, "id"), (2, "type"), (4, "source"), (8, "specversion")]
    let missing = names.filter { required & $0.0 == 0 }.map(\.1)
    mode = missing.isEmpty ? .binary : .incomplete(missing: missing)
  }

  @inline(__always)
  private mutating func mark(
    _ field: HeaderField, _ name: StaticString, _ bit: UInt8, in bytes: Span<UInt8>
  ) {
    if field.isNamed(name, in: bytes) { required |= bit }
  }

  private mutating func readContentType(_ value: Range<Int>, in bytes: Span<UInt8>) {
    let prefix: StaticString = "application/cloudevents"
    guard bytes.equalsIgnoringCase(prefix, prefixOf: value) else { return }
    var end = value.lowerBound &+ prefix.utf8CodeUnitCount
    let start = end
    while end < value.upperBound, bytes[end] != UInt8(ascii: ";"), bytes[end] > 0x20 { end &+= 1 }
    switch bytes.string(start..<end).lowercased() {
    case "+json": mode = .structured
    case "-batch+json": mode = .batch
    default: mode = .unknownFormat
    }
  }
}
