// SPDX-License-Identifier: MIT
import CBytes

/// The kinds of the 64 bytes from an offset on, a bit for each byte, the first in the lowest. Bytes behind the
/// end count as spaces.
extension Span where Element == UInt8 {
  /// The bytes equal to `byte`.
  @inline(__always)
  func places64(of byte: UInt8, at offset: Int) -> UInt64 {
    unsafe lend64(at: offset) { unsafe bytes_equal($0, byte) }
  }

  /// The quotes, backslashes, control characters, and, if `isASCII`, the bytes above 127.
  @inline(__always)
  func jsonSpecial64(at offset: Int, isASCII: Bool) -> UInt64 {
    unsafe lend64(at: offset) { unsafe bytes_json_special($0, isASCII) }
  }

  /// The first of the blocks from `offset` on that has something of that, or is shorter than 64 bytes.
  @inline(__always)
  func skipJSONPlain(
    from offset: Int, isASCII: Bool, _ special: inout UInt64
  ) -> Int {
    precondition(0 <= offset && offset <= count)
    return unsafe withUnsafeBufferPointer { bytes in
      guard let first = bytes.baseAddress else { return 0 }
      return unsafe bytes_skip_json_plain(first, offset, bytes.count, isASCII, &special)
    }
  }

  /// The separators of a query, and the bytes in it that are encoded.
  @inline(__always)
  func queryMarks64(at offset: Int) -> bytes_query_marks {
    unsafe lend64(at: offset) { unsafe bytes_query_marks($0) }
  }

  @inline(__always)
  private func lend64<R>(at offset: Int, _ look: (UnsafePointer<UInt8>) -> R) -> R {
    guard offset &+ 64 <= count else { return unsafe lendPadded(extracting(offset...), look) }
    // It has an address, as it is not empty; `extracting` checks the bounds.
    return unsafe extracting(offset..<(offset &+ 64)).withUnsafeBufferPointer {
      unsafe look($0.baseAddress.unsafelyUnwrapped)
    }
  }
}

/// Fewer than 64 bytes, filled up. Apart from the rest, which then needs no room for them.
@inline(never)
private func lendPadded<R>(_ rest: Span<UInt8>, _ look: (UnsafePointer<UInt8>) -> R) -> R {
  var block = InlineArray<64, UInt8>(repeating: 0x20)
  var bytes = block.mutableSpan
  for at in rest.indices { bytes[at] = rest[at] }
  return unsafe block.span.withUnsafeBufferPointer {
    unsafe look($0.baseAddress.unsafelyUnwrapped)
  }
}
