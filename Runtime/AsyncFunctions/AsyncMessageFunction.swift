// SPDX-License-Identifier: MIT
import Envelopes
import EventLoop
import FunctionRuntime

extension MessageFunction {
  /// A function whose handler is `async`: it gets a copy of the message and returns the outcome.
  ///
  /// It runs on Swift's own threads. Up to `MAX_IN_FLIGHT` calls run at once. Its task is cancelled when the
  /// call's deadline has come; an error that it throws means the message comes again. The copy and the two
  /// thread changes cost about as much again as a synchronous call (`Tests/Benchmarks`).
  ///
  /// - Parameters:
  ///   - authentication: Who may push, and how the sender's token is checked.
  ///   - worker: The worker that gets the calls.
  ///   - executor: The handler's threads; nil for Swift's own, which blocking code elsewhere in
  ///     the process can keep busy.
  ///   - record: Records a message that is rejected; without it a rejected message comes again, until
  ///     Pub/Sub moves it to its dead-letter topic.
  ///   - handler: Gets each message, and returns its outcome.
  public static func asynchronous(
    authentication: PushAuthentication, worker: Worker, executor: (any TaskExecutor)? = nil,
    record: ((Delivery, Rejection, @escaping (Bool) -> Void) -> Void)? = nil,
    _ handler: @escaping @Sendable (ReceivedMessage) async throws -> Outcome
  ) -> MessageFunction {
    MessageFunction(
      authentication: authentication,
      receive: { delivery in
        let message = ReceivedMessage(delivery.message)
        AsyncCall(worker: worker, deadline: delivery.deadline, executor: executor).run(
          { try await handler(message) }, then: { delivery.finish($0) })
      },
      record: record ?? { _, _, completion in completion(false) })
  }
}
