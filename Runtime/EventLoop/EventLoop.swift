// SPDX-License-Identifier: MIT
import CSystem
import Glibc

/// The events that a descriptor is watched for, or is ready for.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let readable = Readiness(rawValue: UInt32(PIXEL_READABLE))
  public static let writable = Readiness(rawValue: UInt32(PIXEL_WRITABLE))
  /// Reported without being asked for.
  public static let failed = Readiness(
    rawValue: UInt32(PIXEL_ERROR) | UInt32(PIXEL_HANGUP))
}

/// The owner of a watched descriptor.
public protocol ReadinessHandler: AnyObject {
  func ready(_ readiness: Readiness)
}

/// Names a watched descriptor; stale ones are recognised.
public struct WatchToken: Sendable, Equatable {
  fileprivate let rawValue: UInt64
}

/// One thread's epoll loop, made and run on that thread. Everything it calls runs there to completion; from
/// elsewhere only `post` may be called.
///
/// A turn: wait, hand out readiness, run due timers, read the mailbox, run the work that was put off to the
/// end of the turn.
public final class EventLoop {
  let thread = LoopThreadID()
  private let epoll: Int32
  private let mailbox: Mailbox
  private var watches: [Watch] = []
  private var freeSlots: [Int] = []
  private var timers = TimerHeap()
  private var turnEnd: [() -> Void] = []
  private var isStopping = false
  private var turnBegan: Instant = .read()
  /// The time at which the current turn began.
  public var now: Instant { turnBegan }

  private struct Watch {
    var handler: (any ReadinessHandler)?
    var descriptor: Int32
    var generation: UInt32
  }

  private static let mailboxToken = UInt64.max

  public init() throws(SystemError) {
    epoll = pixel_epoll_create()
    if epoll < 0 { throw SystemError("epoll_create1") }
    mailbox = try Mailbox()
    let added = pixel_epoll_control(
      epoll, Int32(PIXEL_ADD), mailbox.wakeDescriptor, Readiness.readable.rawValue,
      Self.mailboxToken)
    if added != 0 { throw SystemError("epoll_ctl") }
  }

  deinit { close(epoll) }

  // MARK: Descriptors

  /// Watches a descriptor, level-triggered, until `unwatch`; the handler is kept alive meanwhile.
  public func watch(
    _ descriptor: Int32, for interest: Readiness, handler: any ReadinessHandler
  ) throws(SystemError) -> WatchToken {
    let slot: Int
    if let free = freeSlots.popLast() {
      slot = free
      watches[slot].handler = handler
      watches[slot].descriptor = descriptor
    } else {
      slot = watches.count
      watches.append(Watch(handler: handler, descriptor: descriptor, generation: 0))
    }
    let token = UInt64(watches[slot].generation) << 32 | UInt64(slot)
    let added = pixel_epoll_control(
      epoll, Int32(PIXEL_ADD), descriptor, interest.rawValue, token)
    guard added == 0 else {
      let error = SystemError("epoll_ctl")
      release(slot)
      throw error
    }
    return WatchToken(rawValue: token)
  }

  /// Changes the events that a descriptor is watched for.
  public func rewatch(_ token: WatchToken, for interest: Readiness) {
    guard let slot = slot(of: token.rawValue) else { return }
    _ = pixel_epoll_control(
      epoll, Int32(PIXEL_MODIFY), watches[slot].descriptor, interest.rawValue,
      token.rawValue)
  }

  /// Stops watching; call it before the descriptor is closed.
  public func unwatch(_ token: WatchToken) {
    guard let slot = slot(of: token.rawValue) else { return }
    _ = pixel_epoll_control(epoll, Int32(PIXEL_REMOVE), watches[slot].descriptor, 0, 0)
    release(slot)
  }

  private func slot(of token: UInt64) -> Int? {
    let slot = Int(token & 0xFFFF_FFFF)
    guard slot < watches.count, watches[slot].generation == UInt32(token >> 32),
      watches[slot].handler != nil
    else { return nil }
    return slot
  }

  private func release(_ slot: Int) {
    watches[slot].handler = nil
    watches[slot].generation &+= 1
    freeSlots.append(slot)
  }

  // MARK: Work for later

  /// Runs `body` on the loop once `wait` has passed.
  @discardableResult
  public func schedule(after wait: Duration, _ body: @escaping () -> Void) -> Timer {
    schedule(at: .read() + wait, body)
  }

  @discardableResult
  public func schedule(at deadline: Instant, _ body: @escaping () -> Void) -> Timer {
    let timer = Timer(deadline: deadline, body: body)
    timers.insert(timer)
    return timer
  }

  /// Runs `body` when everything that is ready in this turn has been handled: the moment to write the output
  /// of several calls at once.
  public func atTurnEnd(_ body: @escaping () -> Void) { turnEnd.append(body) }

  /// Something to `post` to from any thread.
  public var handle: Handle { Handle(mailbox: mailbox) }

  public struct Handle: Sendable {
    fileprivate let mailbox: Mailbox
    /// Runs `letter` on the loop, in order.
    public func post(_ letter: @escaping @Sendable () -> Void) { mailbox.post(letter) }
  }

  public func post(_ letter: @escaping @Sendable () -> Void) { mailbox.post(letter) }

  // MARK: Running

  /// Runs turns until `stop`.
  public func run() {
    preconditionOnLoop()
    let room = 256
    let reports = UnsafeMutableBufferPointer<pixel_event>.allocate(capacity: room)
    defer { unsafe reports.deallocate() }
    while !isStopping {
      let count = unsafe Int(
        pixel_epoll_wait(epoll, reports.baseAddress, Int32(room), waitMilliseconds()))
      turnBegan = .read()
      var mail = false
      // In bounds: epoll reports at most `room`.
      for index in 0..<max(count, 0) {
        let report = unsafe reports[index]
        if report.token == Self.mailboxToken {
          mail = true
        } else if let slot = slot(of: report.token) {
          watches[slot].handler?.ready(Readiness(rawValue: report.events))
        }
      }
      runTimers()
      if mail { for letter in mailbox.takeAll() { letter() } }
      runTurnEnd()
    }
    isStopping = false
  }

  /// Ends `run` after the current turn, or before its first; on the loop's own thread.
  public func stop() { isStopping = true }

  private func waitMilliseconds() -> Int32 {
    guard turnEnd.isEmpty else { return 0 }
    guard let deadline = timers.earliest else { return -1 }
    let wait = deadline.nanoseconds &- Instant.read().nanoseconds
    // Rounded up, so that a timer is never early and never spins.
    return wait <= 0 ? 0 : Int32(clamping: (wait &+ 999_999) / 1_000_000)
  }

  private func runTimers() {
    while let timer = timers.popDue(at: now) {
      let body = timer.body
      timer.body = nil
      body?()
    }
  }

  private func runTurnEnd() {
    // Work that is added meanwhile runs in the next turn, so that the sockets always get theirs.
    guard !turnEnd.isEmpty else { return }
    let bodies = turnEnd
    turnEnd.removeAll(keepingCapacity: true)
    for body in bodies { body() }
  }
}
