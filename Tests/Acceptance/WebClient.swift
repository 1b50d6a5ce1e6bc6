// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient

/// HTTP requests from async code; the loop and libcurl run on a thread of their own, for as long as
/// the process does.
public final class WebClient: Sendable {
  private let loop: EventLoop.Handle
  private let client: OnLoop<HTTPClient>

  public init() throws {
    let loop = try EventLoop()
    self.loop = loop.handle
    client = OnLoop(value: HTTPClient(loop: loop, userAgent: "local-cloud", maxConnections: 128))
    let box = OnLoop(value: loop)
    let thread = Thread { box.value.run() }
    thread.name = "web client"
    thread.start()
  }

  public func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
    try await withCheckedThrowingContinuation { continuation in
      loop.post { [client] in
        client.value.send(request) { continuation.resume(with: $0) }
      }
    }
  }
}
