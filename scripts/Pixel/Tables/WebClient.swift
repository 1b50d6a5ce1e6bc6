// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPClient
import Synchronization

/// HTTP requests from async code; the loop and libcurl run on a thread of their own, for as long as the
/// process does.
public final class WebClient: Sendable {
  private let loop: EventLoop.Handle
  private let client: LoopBound<HTTPClient>

  public init() throws {
    // A loop belongs to the thread that makes it.
    let made = Mutex<Result<(EventLoop.Handle, LoopBound<HTTPClient>), any Error>?>(nil)
    let ready = DispatchSemaphore(value: 0)
    let thread = Thread {
      do {
        let loop = try EventLoop()
        let client = HTTPClient(loop: loop, userAgent: "pixel", maxConnections: 16)
        let parts = (loop.handle, LoopBound(client, of: loop))
        made.withLock { $0 = .success(parts) }
        ready.signal()
        loop.run()
      } catch {
        made.withLock { $0 = .failure(error) }
        ready.signal()
      }
    }
    thread.name = "web client"
    thread.start()
    ready.wait()
    guard let parts = made.withLock({ $0 }) else { throw SystemError("pthread_create") }
    (loop, client) = try parts.get()
  }

  func send(_ request: OutgoingRequest) async throws -> IncomingResponse {
    try await withCheckedThrowingContinuation { continuation in
      loop.post { [client] in
        client.value.send(request) { continuation.resume(with: $0) }
      }
    }
  }
}
