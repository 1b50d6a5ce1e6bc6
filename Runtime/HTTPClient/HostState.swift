// SPDX-License-Identifier: MIT
import EventLoop

/// What is known about the addresses of one name, and when to ask for them; without I/O or a clock.
///
/// A name is asked for by the first request, which waits, and from then on beside the requests: now and
/// then, and soon after one has failed, since its address may have died. While no better answer comes, the
/// last one is used.
struct HostState {
  /// How old an answer gets before the name is asked for again.
  static let freshness = Duration.seconds(30)
  /// From one question to the next at least.
  static let pause = Duration.seconds(1)

  enum Use: Equatable {
    case now, wait
    case failed(String)
  }

  /// The last good answer.
  private(set) var addresses: String?
  /// The number of that answer.
  private(set) var version = 0
  private var told = 0
  private var isAsking = false
  private var renewAt = Instant(nanoseconds: .min)
  private var nextAsk = Instant(nanoseconds: .min)
  private var problem = ""

  /// A request wants to go there.
  mutating func use(now: Instant) -> (use: Use, mustAsk: Bool) {
    let mustAsk = now >= renewAt && ask(now)
    if addresses != nil { return (.now, mustAsk) }
    return (isAsking ? .wait : .failed(problem), mustAsk)
  }

  /// A request has failed. True: ask now.
  mutating func doubt(now: Instant) -> Bool {
    renewAt = min(renewAt, now)
    return ask(now)
  }

  private mutating func ask(_ now: Instant) -> Bool {
    guard !isAsking, now >= nextAsk else { return false }
    isAsking = true
    nextAsk = now + Self.pause
    return true
  }

  mutating func answered(_ addresses: String, now: Instant) {
    isAsking = false
    self.addresses = addresses
    version += 1
    renewAt = now + Self.freshness
  }

  mutating func failed(_ why: String) {
    isAsking = false
    problem = why
  }

  /// What a request has to bring along, and the number to be given to `heard` once it has ended: requests
  /// that leave together start in an order that nobody knows, so each brings it until one has ended.
  var news: (addresses: String, version: Int)? {
    guard told < version, let addresses else { return nil }
    return (addresses, version)
  }

  mutating func heard(_ version: Int) { told = max(told, version) }
}
