// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Synchronization
import Testing

@testable import EventLoop

/// What each test's callbacks write, in order; all on one thread.
private final class Record {
  var entries: [String] = []
  func note(_ entry: String) { entries.append(entry) }
}

/// Hands a value to another thread, as nobody should.
private struct Handed<T>: @unchecked Sendable {
  let value: T
  init(_ value: T) { self.value = value }
}

/// Runs `body` on a thread of its own and waits for its end.
private func onAnotherThread(_ body: @escaping @Sendable () -> Void) {
  let ended = DispatchSemaphore(value: 0)
  Thread {
    body()
    ended.signal()
  }.start()
  ended.wait()
}

@Suite struct EventLoopTests {
  @Test func `timers run by their deadline, whatever the order they were set in`() throws {
    let loop = try EventLoop()
    let record = Record()
    let start = Instant.read()
    for wait in [9, 3, 7, 1, 5, 2, 8, 4, 6] {
      loop.schedule(at: start + .milliseconds(wait)) { record.note("\(wait)") }
    }
    loop.schedule(at: start + .milliseconds(10)) { loop.stop() }
    loop.run()
    #expect(record.entries == (1...9).map { "\($0)" })
  }

  @Test func `timers with one deadline run in the order they were set in`() throws {
    let loop = try EventLoop()
    let record = Record()
    let deadline = Instant.read() + .milliseconds(1)
    for number in 0..<50 { loop.schedule(at: deadline) { record.note("\(number)") } }
    loop.schedule(at: deadline + .nanoseconds(1)) { loop.stop() }
    loop.run()
    #expect(record.entries == (0..<50).map { "\($0)" })
  }

  @Test func `no timer is early`() throws {
    let loop = try EventLoop()
    let deadline = Instant.read() + .microseconds(2500)
    var ran: Instant?
    loop.schedule(at: deadline) {
      ran = .read()
      loop.stop()
    }
    loop.run()
    #expect(try #require(ran) >= deadline)
  }

  @Test func `a cancelled timer does not run, even in the turn it was due in`() throws {
    let loop = try EventLoop()
    let record = Record()
    let deadline = Instant.read() + .milliseconds(1)
    var second: LoopTimer?
    loop.schedule(at: deadline) {
      record.note("first")
      second?.cancel()
    }
    second = loop.schedule(at: deadline + .nanoseconds(1)) { record.note("second") }
    loop.schedule(at: deadline + .nanoseconds(2)) { loop.stop() }
    loop.run()
    #expect(record.entries == ["first"])
  }

  @Test func `a cancelled timer lets go of what it held`() throws {
    let loop = try EventLoop()
    weak var held: Record?
    let timer: LoopTimer
    do {
      let record = Record()
      held = record
      timer = loop.schedule(after: .seconds(3600)) { record.note("never") }
    }
    #expect(held != nil)
    timer.cancel()
    #expect(held == nil)
  }

  @Test func `cancelled timers do not pile up until their time comes`() throws {
    var heap = TimerHeap()
    let far = Instant(nanoseconds: 1_000_000_000_000)
    for _ in 0..<100_000 {
      let timer = LoopTimer(deadline: far) {}
      heap.insert(timer)
      timer.cancel()
    }
    #expect(heap.count < 1000)
  }

  @Test func `after a sweep of cancelled timers the others keep their order`() throws {
    var heap = TimerHeap()
    var due: [Int64] = []
    for number in 0..<3000 {
      let deadline = Int64((number * 7919) % 3001)
      let timer = LoopTimer(deadline: Instant(nanoseconds: deadline)) {}
      heap.insert(timer)
      if number % 10 == 0 { due.append(deadline) } else { timer.cancel() }
    }
    var popped: [Int64] = []
    while let timer = heap.popDue(at: Instant(nanoseconds: 4000)) {
      if timer.body != nil { popped.append(timer.deadline.nanoseconds) }
    }
    #expect(popped == due.sorted())
  }

  @Test func `a timer without a wait, set by a timer, leaves the sockets their turn`() throws {
    let loop = try EventLoop()
    var rounds = 0
    func again() {
      rounds += 1
      loop.schedule(after: .zero, again)
    }
    again()
    loop.post { [bound = LoopBound(loop, of: loop)] in bound.value.stop() }
    loop.run()
    #expect(rounds < 100)
  }

  @Test func `a value of a loop traps on another thread`() async {
    let value = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let thread = try LoopThread()
      let bound = thread.run { loop in LoopBound(Record(), of: loop) }
      bound.value.note("from elsewhere")
    }
    #expect(says(value, "A value of an event loop was asked for on another thread."))
  }

  @Test func `a loop runs, and binds values, on the thread that made it and no other`() async {
    let sentence = "An event loop was used on another thread than its own."
    let run = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = Handed(try EventLoop())
      loop.value.stop()
      onAnotherThread { loop.value.run() }
    }
    #expect(says(run, sentence))
    let bound = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let loop = Handed(try EventLoop())
      onAnotherThread { _ = LoopBound(Record(), of: loop.value) }
    }
    #expect(says(bound, sentence))
  }

  private func says(_ ended: ExitTest.Result?, _ sentence: String) -> Bool {
    String(decoding: ended?.standardErrorContent ?? [], as: UTF8.self).contains(sentence)
  }

  @Test func `a value of a loop is had on that loop, wherever it was kept`() throws {
    let thread = try LoopThread()
    defer { thread.stop() }
    let bound = thread.run { loop in LoopBound(Record(), of: loop) }
    thread.handle.post { bound.value.note("one") }
    #expect(thread.run { _ in bound.value.entries } == ["one"])
  }

  @Test func `letters from several threads all arrive, each thread's in order`() throws {
    let thread = try LoopThread()
    defer { thread.stop() }
    let seen = Mutex<[[Int]]>(Array(repeating: [], count: 4))
    let handle = thread.handle
    DispatchQueue.concurrentPerform(iterations: 4) { sender in
      for number in 0..<5000 { handle.post { seen.withLock { $0[sender].append(number) } } }
    }
    #expect(eventually { seen.withLock { $0.allSatisfy { $0.count == 5000 } } })
    #expect(seen.withLock { $0 }.allSatisfy { $0 == Array(0..<5000) })
  }

  @Test func `what is put off to the turn's end runs after timers and mail, in order`() throws {
    let loop = try EventLoop()
    let record = Record()
    let shared = LoopBound((loop, record), of: loop)
    loop.post {
      let (loop, record) = shared.value
      record.note("mail")
      loop.atTurnEnd { record.note("end 2") }
    }
    loop.schedule(at: Instant.read()) {
      record.note("timer")
      loop.atTurnEnd {
        record.note("end 1")
        loop.atTurnEnd {
          record.note("next turn")
          loop.stop()
        }
      }
    }
    loop.run()
    #expect(record.entries == ["timer", "mail", "end 1", "end 2", "next turn"])
  }

  @Test func `a loop that is told to stop before it runs does not run for ever`() throws {
    let loop = try EventLoop()
    loop.schedule(after: .seconds(20)) { Issue.record("the stop was forgotten") }
    loop.stop()
    loop.run()
  }
}

@Suite struct WatchTests {
  private final class Handler: ReadinessHandler {
    let body: (Readiness) -> Void
    init(_ body: @escaping (Readiness) -> Void) { self.body = body }
    func ready(_ readiness: Readiness) { body(readiness) }
  }

  private func pair() -> (Int32, Int32) {
    var ends: [Int32] = [0, 0]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends)
    return (ends[0], ends[1])
  }

  @Test func `a descriptor is reported as long as it is ready and watched`() throws {
    let loop = try EventLoop()
    let (near, far) = pair()
    defer { for end in [near, far] { close(end) } }
    var reports: [Readiness] = []
    var token: WatchToken?
    token = try loop.watch(
      near, for: .readable,
      handler: Handler { readiness in
        reports.append(readiness)
        if reports.count == 2 { loop.rewatch(token!, for: .writable) }
        if reports.count == 4 {
          loop.unwatch(token!)
          loop.schedule(after: .milliseconds(5)) { loop.stop() }
        }
      })
    write(far, "x", 1)
    loop.run()
    #expect(reports == [.readable, .readable, .writable, .writable])
  }

  @Test func `a report for a watch that has ended in the same turn reaches nobody`() throws {
    let loop = try EventLoop()
    let pairs = (0..<2).map { _ in pair() }
    var tokens: [WatchToken] = []
    var called = 0
    for (near, far) in pairs {
      write(far, "x", 1)
      tokens.append(
        try loop.watch(
          near, for: .readable,
          handler: Handler { _ in
            called += 1
            // Both are ready in this turn; whoever comes first ends both.
            for token in tokens { loop.unwatch(token) }
            // The slots are used again at once, by descriptors that are not ready.
            let fresh = pair()
            _ = try? loop.watch(
              fresh.0, for: .readable, handler: Handler { _ in Issue.record("a stale report") })
            loop.schedule(after: .milliseconds(5)) { loop.stop() }
          }))
    }
    loop.run()
    #expect(called == 1)
  }

  @Test func `a token of an ended watch changes nothing`() throws {
    let loop = try EventLoop()
    let (near, far) = pair()
    let old = try loop.watch(near, for: .readable, handler: Handler { _ in })
    loop.unwatch(old)
    var reports = 0
    let new = try loop.watch(
      near, for: .readable,
      handler: Handler { _ in
        reports += 1
        loop.stop()
      })
    #expect(old != new)
    loop.unwatch(old)
    loop.rewatch(old, for: [])
    write(far, "x", 1)
    loop.run()
    #expect(reports == 1)
  }

  @Test func `a descriptor that can't be watched is an error, and its slot is free again`() throws {
    let loop = try EventLoop()
    #expect(throws: SystemError.self) {
      try loop.watch(-1, for: .readable, handler: Handler { _ in })
    }
    let (near, far) = pair()
    defer { for end in [near, far] { close(end) } }
    _ = try loop.watch(near, for: .readable, handler: Handler { _ in loop.stop() })
    write(far, "x", 1)
    loop.run()
  }

  @Test func `the handler lives as long as the watch`() throws {
    let loop = try EventLoop()
    let (near, far) = pair()
    defer { for end in [near, far] { close(end) } }
    weak var held: Handler?
    let token: WatchToken
    do {
      let handler = Handler { _ in }
      held = handler
      token = try loop.watch(near, for: .readable, handler: handler)
    }
    #expect(held != nil)
    loop.unwatch(token)
    #expect(held == nil)
  }
}

@Suite struct InstantTests {
  @Test func `a wait that is too long ends at the end of time`() {
    #expect(Instant(nanoseconds: 5) + .seconds(Int64.max) == .distantFuture)
    #expect(Instant(nanoseconds: .max - 1) + .nanoseconds(5) == .distantFuture)
  }

  @Test(arguments: [
    (Duration.seconds(2), Int64(2_000_000_000)), (.milliseconds(-5), -5_000_000),
    (.nanoseconds(1), 1), (.zero, 0), (.seconds(Int64.max), .max),
  ])
  func `a duration has its nanoseconds`(_ duration: Duration, _ nanoseconds: Int64) {
    #expect(duration.nanoseconds == nanoseconds)
  }
}
