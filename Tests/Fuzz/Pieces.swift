// SPDX-License-Identifier: MIT
import Bytes

extension [UInt8] {
  /// A few places to cut at, the same ones each time for the same bytes: all of a short text, both ends
  /// and some between of a long one.
  var cuts: [Int] {
    guard count > 24 else { return (0...count).map { $0 } }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in self { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let between = (0..<8).map { place in
      Int(truncatingIfNeeded: (hash >> UInt64(place * 8)) & 0xff) * count / 256
    }
    return [1, 2, count - 2, count - 1] + between
  }

  /// A buffer that has no room behind these bytes, so that Address Sanitizer sees a read past their end;
  /// they begin at `offset`.
  var inBuffer: (buffer: Buffer, offset: Int) {
    let offset = Swift.max(3, 64 - count)
    let buffer = Buffer(capacity: offset + count)
    let before = [UInt8](repeating: UInt8(ascii: "\""), count: offset)
    buffer.append(before.span)
    buffer.append(span)
    return (buffer, offset)
  }
}

extension Buffer {
  func bytes(_ range: Range<Int>) -> [UInt8] {
    withSpan { span in range.map { span[$0] } }
  }
}
