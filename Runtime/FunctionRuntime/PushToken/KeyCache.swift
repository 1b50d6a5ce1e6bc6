// SPDX-License-Identifier: MIT
import EventLoop
import HTTPClient
import Synchronization

/// The signer's keys for the whole process: fetched once, used by all loops.
final class KeyCache: Sendable {
  private struct Waiter: Sendable {
    let loop: EventLoop.Handle
    let body: LoopBound<() -> Void>
  }

  private let url: String
  private let state = Mutex(KeyCacheState<Waiter>())

  init(url: String) { self.url = url }

  var keys: KeySet? { state.withLock { $0.keys } }

  /// Fetches keys if they are due, without waiting for them. Called at the start and with each push.
  func renewIfDue(_ loop: EventLoop, _ client: HTTPClient) {
    if state.withLock({ $0.mustRenew(now: loop.now) }) { fetch(loop, client) }
  }

  /// Calls `body` once newer keys are here or can't be had; at once if there is nothing to wait for.
  func afterRefresh(_ loop: EventLoop, _ client: HTTPClient, _ body: @escaping () -> Void) {
    let waiter = Waiter(loop: loop.handle, body: LoopBound(body, of: loop))
    let (answer, mustFetch) = state.withLock { $0.missing(now: loop.now, waiter) }
    if mustFetch { fetch(loop, client) }
    if case .now = answer { body() }
  }

  private func fetch(_ loop: EventLoop, _ client: HTTPClient) {
    let request = OutgoingRequest(
      url: url, timeout: .seconds(5), connectTimeout: .seconds(2), maxAnswer: 256 * 1024)
    client.send(request) { [self] result in
      var fresh: KeySet?
      var maxAge = Duration.seconds(300)
      if case .success(let response) = result, response.status == 200 {
        fresh = KeySet(response.body)
        if let seconds = response.header("Cache-Control").flatMap(Self.maxAge) {
          maxAge = .seconds(min(max(seconds, 60), 86_400))
        }
      }
      let waiters = state.withLock { $0.fetched(fresh, maxAge: maxAge, now: loop.now) }
      for waiter in waiters { waiter.loop.post { waiter.body.value() } }
    }
  }

  /// `max-age` of a `Cache-Control` field, in seconds.
  static func maxAge(_ field: String) -> Int? {
    for part in field.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1)
      let name = pair.first.map { $0.filter { $0 != " " }.lowercased() }
      if name == "max-age", pair.count == 2 { return Int(pair[1].filter { $0.isNumber }) }
    }
    return nil
  }
}
