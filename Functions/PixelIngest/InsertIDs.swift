// SPDX-License-Identifier: MIT
import Bytes
import EventLoop

/// Random 128-bit ids as 32 hex digits, which no two hits share. The kernel is asked once for many.
struct InsertIDs {
  private static let idBytes = 16
  private var random = [UInt8](repeating: 0, count: 64 * idBytes)
  private var used = 64 * idBytes

  mutating func appendNext(to writer: inout ByteWriter) {
    if used == random.count {
      fillRandom(&random)
      used = 0
    }
    writer.append(hex: random.span.extracting(used..<used + Self.idBytes))
    used += Self.idBytes
  }
}
