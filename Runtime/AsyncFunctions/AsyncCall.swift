// SPDX-License-Identifier: MIT
import Envelopes
import EventLoop
import FunctionRuntime

/// Runs an `async` handler beside a loop and brings its answer back to it.
struct AsyncCall {
  let worker: Worker
  let deadline: Instant
  let executor: (any TaskExecutor)?

  /// Runs a handler whose answer is an outcome. A `Rejection` that it throws rejects; after any other error the
  /// sender tries again.
  ///
  /// - Parameter finish: Called on the loop.
  func run(
    _ handler: @escaping @Sendable () async throws -> Outcome,
    then finish: @escaping (Outcome) -> Void
  ) {
    start(
      {
        let outcome: Outcome
        do {
          outcome = try await handler()
        } catch let rejection as Rejection {
          outcome = .reject(rejection)
        } catch {
          outcome = .retry(.handlerFailed, detail: "\(type(of: error))")
        }
        // The outcome of a cancelled handler cannot be trusted.
        return Task.isCancelled ? .retry(.deadlineExceeded) : outcome
      }, then: finish)
  }

  /// Runs a handler with any answer; its task is cancelled at the deadline.
  ///
  /// - Parameter finish: Called on the loop.
  func start<Answer: Sendable>(
    _ handler: @escaping @Sendable () async -> Answer, then finish: @escaping (Answer) -> Void
  ) {
    let loop = worker.loop.handle
    let pending = PendingCall(finish: finish)
    let call = LoopBound(pending, of: worker.loop)
    let task = Task(executorPreference: executor) {
      let answer = await handler()
      loop.post { call.value.end(answer) }
    }
    pending.deadline = worker.loop.schedule(at: deadline) { task.cancel() }
  }
}

/// A call whose task is running; only used on its loop.
private final class PendingCall<Answer> {
  var deadline: Timer?
  private let finish: (Answer) -> Void

  init(finish: @escaping (Answer) -> Void) { self.finish = finish }

  func end(_ answer: Answer) {
    deadline?.cancel()
    finish(answer)
  }
}
