// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer

/// The paths that every function answers in the same way, without the function being asked: health and
/// readiness, and the two files that browsers and robots request from any server.
struct CommonPaths {
  let worker: Worker

  func covers(_ request: Request) -> Bool { answer(to: request) != nil }

  /// Nil if the function is to answer.
  func response(to request: Request) -> Response? {
    switch answer(to: request) {
    case .live: OutcomeResponses.ok
    case .ready: isReady ? OutcomeResponses.ok : OutcomeResponses.notReady
    case .absent: OutcomeResponses.notFound
    case nil: nil
    }
  }

  private var isReady: Bool { worker.readiness.allSatisfy { $0() } }

  private enum Answer { case live, ready, absent }

  private func answer(to request: Request) -> Answer? {
    guard request.method == .get || request.method == .head else { return nil }
    return request.withPath { path in
      if path.equals("/health") { return .live }
      if path.equals("/ready") { return .ready }
      if path.equals("/robots.txt") || path.equals("/favicon.ico") { return .absent }
      return nil
    }
  }
}
