// SPDX-License-Identifier: MIT
import Bytes

extension Request {
  /// Lends the values of all fields called `name`, which must be in lower case, in the order they came:
  /// together they are one list (RFC 9110 §5.3).
  public func forEachHeader(_ name: StaticString, _ body: (Span<UInt8>) -> Void) {
    guard exchange.isOpen(call) else { return }
    exchange.input.withSpan { bytes in
      for field in exchange.head.fields
      where ByteClass.equals(bytes, field.name, lowercase: name) {
        body(bytes.extracting(field.value))
      }
    }
  }
}
