// SPDX-License-Identifier: MIT
import EventLoop
import FunctionRuntime
import HTTPClient

/// Who asks Google: a loop, its client for outgoing requests, and a log. A function's worker is one
/// (`Worker.cloudCaller`), and so may be a tool that has no worker.
public struct CloudCaller {
  public let loop: EventLoop
  public let client: HTTPClient
  public let log: Log
  /// Is told the project once it is known.
  let learned: (String) -> Void

  /// - Parameters:
  ///   - loop: The caller's loop.
  ///   - client: Sends the requests, on that loop.
  ///   - log: Gets what is worth a line.
  ///   - learned: Is told the project each time that a request is made in it.
  public init(
    loop: EventLoop, client: HTTPClient, log: Log, learned: @escaping (String) -> Void = { _ in }
  ) {
    self.loop = loop
    self.client = client
    self.log = log
    self.learned = learned
  }
}
