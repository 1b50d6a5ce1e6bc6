// SPDX-License-Identifier: MIT
import EventLoop
import Testing

@testable import BQLoader

@Suite final class LoadQueueTests {
  static let start = Instant(nanoseconds: 0)
  static func at(_ milliseconds: Int64) -> Instant { start + .milliseconds(milliseconds) }

  var queue = LoadQueue<Int>(maxRows: 3, maxBytes: 100, linger: .milliseconds(5))

  func take(_ now: Instant, isIdle: Bool, slotFreed: Bool) -> LoadBatch<Int>? {
    queue.takeNext(now: now, isIdle: isIdle, slotFreed: slotFreed)
  }

  @Test func `with nothing on its way a batch leaves at once`() {
    queue.add(1, bytes: 10, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    let batch = queue.takeNext(now: Self.at(0), isIdle: true, slotFreed: false)
    #expect(batch?.rows == [1])
    #expect(queue.isEmpty)
  }

  @Test func `while inserts are on their way a batch lingers`() {
    queue.add(1, bytes: 10, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    queue.add(2, bytes: 10, to: .init(table: "t", suffix: "_a"), now: Self.at(4))
    #expect(take(Self.at(4), isIdle: false, slotFreed: false) == nil)
    let due = queue.nextDue(after: Self.at(4))
    #expect(due == Self.at(5))
    #expect(take(Self.at(5), isIdle: false, slotFreed: false)?.rows == [1, 2])
  }

  @Test func `a batch that has lingered waits for an answer that is due, but not for ever`() {
    queue.add(1, bytes: 10, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    func takeWithAnswerDue(_ now: Instant) -> [Int]? {
      queue.takeNext(now: now, isIdle: false, slotFreed: false, answerIsDue: true)?.rows
    }
    #expect(takeWithAnswerDue(Self.at(5)) == nil)
    let due = queue.nextDue(after: Self.at(5))
    #expect(due == Self.at(10))
    #expect(takeWithAnswerDue(Self.at(9)) == nil)
    #expect(takeWithAnswerDue(Self.at(10)) == [1])
  }

  @Test func `a batch of hundreds does not wait for an answer that is due`() {
    queue = LoadQueue(maxRows: 500, maxBytes: 10_000, linger: .milliseconds(5))
    for row in 0..<256 {
      queue.add(row, bytes: 1, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    }
    let isSmall = queue.isSmall
    #expect(!isSmall)
    let batch = queue.takeNext(
      now: Self.at(5), isIdle: false, slotFreed: false, answerIsDue: true)
    #expect(batch?.rows.count == 256)
  }

  @Test func `a free slot takes the oldest batch`() {
    queue.add(1, bytes: 10, to: .init(table: "t", suffix: "_b"), now: Self.at(0))
    queue.add(2, bytes: 10, to: .init(table: "t", suffix: "_a"), now: Self.at(1))
    #expect(take(Self.at(1), isIdle: false, slotFreed: true)?.destination.suffix == "_b")
    #expect(take(Self.at(1), isIdle: false, slotFreed: true)?.destination.suffix == "_a")
    #expect(take(Self.at(1), isIdle: false, slotFreed: true) == nil)
  }

  @Test func `a batch is full by rows`() {
    for row in 1...4 {
      queue.add(row, bytes: 1, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    }
    #expect(take(Self.at(0), isIdle: false, slotFreed: false)?.rows == [1, 2, 3])
    #expect(take(Self.at(0), isIdle: false, slotFreed: false) == nil)
    #expect(take(Self.at(9), isIdle: false, slotFreed: false)?.rows == [4])
  }

  @Test func `a batch is full by bytes, and a large row goes alone`() {
    queue.add(1, bytes: 60, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    queue.add(2, bytes: 60, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    queue.add(3, bytes: 1000, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    #expect(take(Self.at(0), isIdle: false, slotFreed: false)?.rows == [1])
    #expect(take(Self.at(0), isIdle: false, slotFreed: false)?.rows == [2])
    #expect(take(Self.at(9), isIdle: false, slotFreed: false)?.rows == [3])
  }

  @Test func `what goes again goes before what lingers`() throws {
    queue.add(1, bytes: 10, to: .init(table: "t", suffix: "_a"), now: Self.at(0))
    let next = queue.takeNext(now: Self.at(0), isIdle: true, slotFreed: false)
    let first = try #require(next)
    queue.add(2, bytes: 10, to: .init(table: "t", suffix: "_a"), now: Self.at(1))
    queue.requeue(first.failedOnceMore())
    let again = queue.takeNext(now: Self.at(1), isIdle: false, slotFreed: false)
    #expect(again?.rows == [1])
    #expect(again?.failures == 1)
    let due = queue.nextDue(after: Self.at(1))
    #expect(due == Self.at(6))
  }

  @Test func `thousands of suffixes leave in the order they came`() {
    for row in 0..<5000 {
      queue.add(row, bytes: 1, to: .init(table: "t", suffix: "_\(row)"), now: Self.at(Int64(row)))
    }
    for row in 0..<5000 {
      #expect(take(Self.at(9999), isIdle: false, slotFreed: false)?.rows == [row])
    }
    #expect(queue.isEmpty)
  }
}

extension LoadBatch: Equatable where Row == Int {
  public static func == (a: LoadBatch<Int>, b: LoadBatch<Int>) -> Bool {
    a.destination == b.destination && a.rows == b.rows
  }
}
