// SPDX-License-Identifier: MIT
import Bytes

/// Random 128-bit ids as 32 hex digits, which no two hits share. The kernel is asked once for many.
struct InsertIDs {
  private static let idBytes = 16
  private var random: [UInt8] = []
  private var used = 0

  mutating func appendNext(to writer: inout ByteWriter) {
    if used + Self.idBytes > random.count {
      var generator = SystemRandomNumberGenerator()
      random = (0..<64 * Self.idBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator)
      }
      used = 0
    }
    writer.append(hex: random.span.extracting(used..<used + Self.idBytes))
    used += Self.idBytes
  }
}
