// SPDX-License-Identifier: MIT
import Testing

@testable import LocalCloud

@Suite struct PushQueueTests {
  private func queue(_ count: Int = 1, attempts: Int? = nil) -> PushQueue {
    var queue = PushQueue(maximumAttempts: attempts, maximumOutstanding: 8)
    for id in 0..<count { queue.enqueue(Message.ID(id)) }
    return queue
  }

  private func take(_ queue: inout PushQueue, at now: Duration) throws -> PushQueue.Delivery {
    let delivery = queue.next(at: now)
    return try #require(delivery)
  }

  @Test func `a refused message comes again after 0.1, 0.2, 0.4 … 10 seconds`() throws {
    var queue = queue()
    var now = Duration.zero
    var waits: [Duration] = []
    for attempt in 1...10 {
      let delivery = try take(&queue, at: now)
      #expect(delivery.attempt == attempt)
      #expect(queue.answered(delivery.token, acknowledged: false, at: now) == .again(0))
      let wake = try #require(queue.nextWake)
      #expect(queue.next(at: wake - .milliseconds(1)) == nil)
      waits.append(wake - now)
      now = wake
    }
    let milliseconds = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]
    #expect(waits == milliseconds.map { .milliseconds($0) })
  }

  @Test func `silence until the deadline is a refusal, and the late answer counts for nothing`()
    throws
  {
    var queue = queue()
    let first = try take(&queue, at: .zero)
    #expect(queue.nextWake == .seconds(10))
    #expect(queue.expire(at: .milliseconds(9_999)).isEmpty)
    #expect(queue.expire(at: .seconds(10)) == [.again(0)])
    #expect(queue.answered(first.token, acknowledged: true, at: .seconds(10)) == .late)
    let second = try take(&queue, at: .milliseconds(10_100))
    #expect(second.attempt == 2)
    #expect(queue.answered(second.token, acknowledged: true, at: .seconds(11)) == .acknowledged(0))
    #expect(queue.count == 0 && queue.nextWake == nil)
  }

  @Test func `the last allowed attempt exhausts the message`() throws {
    var queue = queue(attempts: 5)
    var now = Duration.zero
    for attempt in 1...5 {
      now = max(now, try #require(queue.nextWake))
      let delivery = try take(&queue, at: now)
      let outcome = queue.answered(delivery.token, acknowledged: false, at: now)
      #expect(outcome == (attempt < 5 ? .again(0) : .exhausted(0, attempts: 5)))
    }
    #expect(queue.count == 0)
  }

  @Test func `pushes start one at a time, double with each round of answers, and halve`() {
    var queue = queue(100)
    func fill() -> [PushQueue.Delivery] {
      var open: [PushQueue.Delivery] = []
      while let delivery = queue.next(at: .zero) { open.append(delivery) }
      return open
    }
    var rounds: [Int] = []
    for _ in 0..<5 {
      let open = fill()
      rounds.append(open.count)
      for delivery in open { _ = queue.answered(delivery.token, acknowledged: true, at: .zero) }
    }
    #expect(rounds == [1, 2, 4, 8, 8])
    let open = fill()
    _ = queue.answered(open[0].token, acknowledged: false, at: .zero)
    #expect(queue.window.size == 4)
  }

  @Test func `a subscriber that is down is asked about once a second, not as fast as it refuses`()
    throws
  {
    var queue = queue(1_000)
    var asked = 0
    while let wake = queue.nextWake, wake < .seconds(10) {
      let delivery = try take(&queue, at: wake)
      _ = queue.answered(delivery.token, acknowledged: false, at: wake)
      asked += 1
    }
    #expect((10...25).contains(asked))
  }

  @Test func `a poisoned message does not hold up the others`() throws {
    var queue = queue(50)
    var now = Duration.zero
    var done = 0
    while done < 49 {
      now = max(now, try #require(queue.nextWake))
      let delivery = try take(&queue, at: now)
      let good = delivery.message != 0
      _ = queue.answered(delivery.token, acknowledged: good, at: now)
      if good { done += 1 }
    }
    #expect(now < .seconds(1))
    #expect(queue.all == [0])
  }

  @Test func `the oldest message that is not acknowledged is known wherever it is`() throws {
    var queue = queue(3)
    #expect(queue.oldest == 0)
    let first = try take(&queue, at: .zero)
    #expect(queue.oldest == 0)
    _ = queue.answered(first.token, acknowledged: false, at: .zero)
    #expect(queue.oldest == 0)
    let again = try take(&queue, at: .seconds(1))
    _ = queue.answered(again.token, acknowledged: true, at: .seconds(1))
    #expect(queue.oldest == 1)
  }

  @Test func `what is due soonest comes first`() {
    var heap = DueHeap()
    var random = SystemRandomNumberGenerator()
    let dues = (0..<500).map { _ in Duration.milliseconds(Int.random(in: 0..<1_000, using: &random))
    }
    for due in dues { heap.insert(1, due: due) }
    var got: [Duration] = []
    while let first = heap.first {
      got.append(first.due)
      heap.removeFirst()
    }
    #expect(got == dues.sorted())
  }
}
