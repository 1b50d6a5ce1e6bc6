// SPDX-License-Identifier: MIT
import EventLoop
import FunctionRuntime

/// Runs an `async` handler beside a loop and brings its outcome back to it.
struct AsyncCall {
  let worker: Worker
  let deadline: Instant
  let executor: (any TaskExecutor)?

  /// - Parameter finish: Called on the loop.
  func run(
    _ handler: @escaping @Sendable () async throws -> Outcome,
    then finish: @escaping (Outcome) -> Void
  ) {
    let loop = worker.loop.handle
    let pending = PendingCall(finish: finish)
    let answer = LoopBound(pending, of: worker.loop)
    let task = Task(executorPreference: executor) {
      let outcome: Outcome
      do {
        outcome = try await handler()
      } catch {
        outcome = .retry(.handlerFailed, detail: "\(type(of: error))")
      }
      // The outcome of a cancelled handler cannot be trusted.
      let result = Task.isCancelled ? Outcome.retry(.deadlineExceeded) : outcome
      loop.post { answer.value.end(result) }
    }
    pending.deadline = worker.loop.schedule(at: deadline) { task.cancel() }
  }
}

/// A call whose task is running; only used on its loop.
private final class PendingCall {
  var deadline: Timer?
  private let finish: (Outcome) -> Void

  init(finish: @escaping (Outcome) -> Void) { self.finish = finish }

  func end(_ outcome: Outcome) {
    deadline?.cancel()
    finish(outcome)
  }
}
