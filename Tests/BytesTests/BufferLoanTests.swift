// SPDX-License-Identifier: MIT
import Bytes
import Testing

@Suite struct BufferLoanTests {
  /// Each call that would move, drop or overwrite bytes that are lent, or lend them a second time for changing.
  enum Change: String, CaseIterable, Codable, Sendable {
    case reserve, append, appendText, appendRaw, consume, move, truncate, shrink, withMutableSpan

    func make(in buffer: Buffer) {
      switch self {
      case .reserve: buffer.reserve(1 << 20)
      case .append: buffer.append([UInt8](repeating: 0, count: 1 << 20).span)
      case .appendText: for _ in 0..<1_000 { buffer.append("much more than there is room for") }
      case .appendRaw: _ = buffer.appendRaw(minimum: 1 << 20) { _ in 0 }
      case .consume: buffer.consume(1)
      case .move: buffer.move(1..<3, to: 0)
      case .truncate: buffer.truncate(to: 1)
      case .shrink: buffer.shrink(above: 64, to: 64)
      case .withMutableSpan: buffer.withMutableSpan { $0[0] = 0 }
      }
    }
  }

  private static func filled() -> Buffer {
    let buffer = Buffer(capacity: 128)
    buffer.append("some bytes")
    return buffer
  }

  @Test(arguments: Change.allCases)
  func `a change of bytes that are lent traps`(_ change: Change) async {
    let ended = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [change] in
      let buffer = Self.filled()
      buffer.withSpan { bytes in
        change.make(in: buffer)
        // Never reached: here a loan would read what is freed or has become something else.
        print(bytes[0])
      }
    }
    #expect(Self.says(ended, "The bytes of a buffer are lent."))
  }

  /// Whether the process trapped for this reason and no other.
  private static func says(_ ended: ExitTest.Result?, _ sentence: String) -> Bool {
    String(decoding: ended?.standardErrorContent ?? [], as: UTF8.self).contains(sentence)
  }

  @Test(arguments: Change.allCases)
  func `the same change is welcome when the loan is over`(_ change: Change) {
    let buffer = Self.filled()
    let sum = buffer.withSpan { $0[0] }
    change.make(in: buffer)
    #expect(sum == UInt8(ascii: "s") && !buffer.isLent)
  }

  @Test func `bytes that are lent for changing are lent to nobody else`() async {
    let read = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let buffer = Self.filled()
      buffer.withMutableSpan { bytes in
        bytes[0] = buffer.withSpan { $0[1] }
      }
    }
    #expect(Self.says(read, "The bytes of a buffer are lent for changing."))
    let changed = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let buffer = Self.filled()
      buffer.withMutableSpan { bytes in
        bytes[0] = 0
        buffer.append("more")
      }
    }
    #expect(Self.says(changed, "The bytes of a buffer are lent."))
    let filled = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let buffer = Self.filled()
      _ = buffer.appendRaw(minimum: 8) { _ in
        buffer.reserve(1 << 20)
        return 0
      }
    }
    #expect(Self.says(filled, "The bytes of a buffer are lent."))
  }

  @Test func `several may read at once, and an error ends a loan too`() {
    struct Stop: Error {}
    let buffer = Self.filled()
    let both = buffer.withSpan { outer in buffer.withSpan { inner in [outer[0], inner[1]] } }
    #expect(both == Array("so".utf8))
    #expect(throws: Stop.self) { try buffer.withSpan { _ throws in throw Stop() } }
    #expect(throws: Stop.self) { try buffer.withMutableSpan { _ throws in throw Stop() } }
    buffer.consume(5)
    #expect(buffer.withSpan { $0.count } == 5)
  }
}
