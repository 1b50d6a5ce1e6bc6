// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient

/// Sends hits, each with its own `order_id`, until enough were accepted. A hit that was not answered
/// with 200 is not sent again: it counts as not accepted, and the next has a new id.
final class HitSender {
  private let client: HTTPClient
  private let loop: EventLoop
  /// Where the next hit goes.
  var base: String
  /// Parameters that each hit gets besides, from now on.
  var extra = ""
  private let wanted: Int
  private let concurrency: Int
  private let pause: Duration
  private let onProgress: (Int) -> Void
  private let done: () -> Void
  private var next = 0
  private var inFlight = 0
  private(set) var accepted: Set<String> = []
  /// Those of the accepted that had `extra`.
  private(set) var acceptedWithExtra: Set<String> = []
  private(set) var notAccepted = 0

  init(
    loop: EventLoop, base: String, wanted: Int, concurrency: Int = 64,
    pause: Duration = .zero, onProgress: @escaping (Int) -> Void, done: @escaping () -> Void
  ) {
    client = HTTPClient(loop: loop, userAgent: "hit-sender", maxConnections: concurrency)
    self.loop = loop
    self.base = base
    self.wanted = wanted
    self.concurrency = concurrency
    self.pause = pause
    self.onProgress = onProgress
    self.done = done
  }

  func fill() {
    while inFlight < concurrency, accepted.count + inFlight < wanted { sendOne() }
  }

  private func sendOne() {
    next += 1
    inFlight += 1
    let order = "order-\(next)"
    let query =
      "type=purchase&user_id=u\(next % 5)&order_id=\(order)&page_title=caf%C3%A9+\(next)\(extra)"
    let hadExtra = !extra.isEmpty
    // On a connection that was used before, libcurl would send a hit again by itself when the program
    // dies: two hits with one order_id. So each hit has a connection of its own.
    let request = OutgoingRequest(
      url: "\(base)/pixel.gif?\(query)", headers: ["Connection: close"], timeout: .seconds(10))
    client.send(request) { [self] result in
      inFlight -= 1
      if case .success(let response) = result, response.status == 200 {
        accepted.insert(order)
        if hadExtra { acceptedWithExtra.insert(order) }
        onProgress(accepted.count)
        if accepted.count == wanted { return done() }
        guard pause > .zero else { return fill() }
        // Its place stays taken for the pause, so that the load is even.
        inFlight += 1
        loop.schedule(after: pause) { [self] in
          inFlight -= 1
          fill()
        }
      } else {
        notAccepted += 1
        // The program is away for a moment.
        loop.schedule(after: .milliseconds(20)) { [self] in fill() }
      }
    }
  }
}
