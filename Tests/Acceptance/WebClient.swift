// SPDX-License-Identifier: MIT
import EventLoop
import HTTPClient
import ServerSupport

/// HTTP requests from async code; the loop and libcurl run on a thread of their own, for as long as
/// the process does.
public final class WebClient: Sendable {
  private let thread: LoopThread
  private let client: LoopBound<HTTPClient>

  public init() throws {
    thread = try LoopThread()
    client = thread.run { loop in
      LoopBound(HTTPClient(loop: loop, userAgent: "local-cloud", maxConnections: 128), of: loop)
    }
  }

  public func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
    try await withCheckedThrowingContinuation { continuation in
      thread.handle.post { [client] in
        client.value.send(request) { continuation.resume(with: $0) }
      }
    }
  }
}
