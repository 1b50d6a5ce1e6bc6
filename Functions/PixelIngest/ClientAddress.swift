// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer

extension ByteWriter {
  /// Appends the visitor's address.
  ///
  /// Each front end adds the address that it saw at the end of `X-Forwarded-For`; the text before that is the
  /// client's own claim. So the visitor's is the one that the outermost of our `hops` front ends has added,
  /// counted from the right. Without a front end, or without the field, it is the connection's.
  mutating func append(addressOf request: Request, hops: Int) {
    guard hops > 0 else { return append(request.peerAddress) }
    var total = 0
    request.forEachHeader("x-forwarded-for") { field in
      field.forEachAddress { _ in total &+= 1 }
    }
    guard total > 0 else { return append(request.peerAddress) }
    let wanted = max(0, total &- hops)
    var index = 0
    request.forEachHeader("x-forwarded-for") { field in
      field.forEachAddress { address in
        if index == wanted { append(field, address) }
        index &+= 1
      }
    }
  }
}

extension Span where Element == UInt8 {
  /// The addresses of an `X-Forwarded-For` field; empty ones are skipped.
  fileprivate func forEachAddress(_ body: (Range<Int>) -> Void) {
    var at = 0
    while at < count {
      let comma = firstIndex(of: UInt8(ascii: ","), in: at..<count)
      var (start, end) = (at, comma)
      while start < end, self[start].isBlank { start &+= 1 }
      while start < end, self[end &- 1].isBlank { end &-= 1 }
      if start < end { body(start..<end) }
      at = comma &+ 1
    }
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 }
}
