// SPDX-License-Identifier: MIT
import EventLoop
import Events
import FunctionRuntime

extension MessageFunction {
  /// A function whose handler is `async`: it gets a copy of the message and returns the outcome.
  ///
  /// It runs on Swift's own threads, so many may run at once, up to `MAX_IN_FLIGHT`. Its task is cancelled
  /// when the call's deadline has come; an error that it throws means the message comes again. The copy
  /// and the two thread changes cost about ten times what a synchronous handler costs.
  ///
  /// - Parameters:
  ///   - worker: Whose calls they are.
  ///   - executor: Whose threads the handler runs on; nil for Swift's own, which blocking code elsewhere in
  ///     the process can keep busy.
  ///   - record: Records a message that is rejected; without it a rejected message comes again, until
  ///     Pub/Sub moves it to its dead-letter topic.
  public static func asynchronous(
    authentication: PushAuthentication, worker: Worker, executor: (any TaskExecutor)? = nil,
    record: ((Delivery, Rejection, @escaping (Bool) -> Void) -> Void)? = nil,
    _ handler: @escaping @Sendable (ReceivedMessage) async throws -> Outcome
  ) -> MessageFunction {
    MessageFunction(
      authentication: authentication,
      receive: { delivery in run(handler, delivery, on: worker, executor) },
      record: record ?? { _, _, completion in completion(false) })
  }

  private static func run(
    _ handler: @escaping @Sendable (ReceivedMessage) async throws -> Outcome,
    _ delivery: Delivery, on worker: Worker, _ executor: (any TaskExecutor)?
  ) {
    let message = ReceivedMessage(delivery.message)
    let loop = worker.loop.handle
    let pending = PendingCall()
    let answer = OnLoop(value: (delivery, pending))
    let task = Task(executorPreference: executor) {
      let outcome: Outcome
      do {
        outcome = try await handler(message)
      } catch {
        outcome = .retry(.handlerFailed, detail: "\(type(of: error))")
      }
      // What a handler says that was stopped is not to be believed.
      let result = Task.isCancelled ? Outcome.retry(.deadlineExceeded) : outcome
      loop.post {
        let (delivery, pending) = answer.value
        pending.deadline?.cancel()
        delivery.finish(result)
      }
    }
    pending.deadline = worker.loop.schedule(at: delivery.deadline) { task.cancel() }
  }
}

/// A call whose task is running; only used on its loop.
private final class PendingCall {
  var deadline: Timer?
}
