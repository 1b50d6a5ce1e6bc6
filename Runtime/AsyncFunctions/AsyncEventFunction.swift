// SPDX-License-Identifier: MIT
import Envelopes
import FunctionRuntime

extension EventFunction {
  /// A function whose handler is `async`: it gets a copy of the event and returns the outcome.
  ///
  /// It runs on Swift's own threads. Up to `MAX_IN_FLIGHT` calls run at once, and the events of a batch side
  /// by side. Its task is cancelled when the call's deadline has come; an error that it throws means the
  /// event comes again. It costs about twice what a synchronous one does (`Tests/Benchmarks`).
  ///
  /// - Parameters:
  ///   - authentication: Who may push, and how the sender's token is checked.
  ///   - worker: The worker that gets the calls.
  ///   - allowedOrigins: Which origins get consent in the handshake of webhooks; nil: all.
  ///   - executor: The handler's threads; nil for Swift's own, which blocking code elsewhere in
  ///     the process can keep busy.
  ///   - record: Records a pushed message that the handler rejects, before it is acknowledged. Without it a
  ///     rejection is only logged. Other senders are told by 422 and keep the event themselves.
  ///   - handler: Gets each event, and returns its outcome.
  public static func asynchronous(
    authentication: PushAuthentication, worker: Worker, allowedOrigins: [String]? = nil,
    executor: (any TaskExecutor)? = nil,
    record: ((EventDelivery, Rejection, @escaping (Bool) -> Void) -> Void)? = nil,
    _ handler: @escaping @Sendable (ReceivedEvent) async throws -> Outcome
  ) -> EventFunction {
    EventFunction(
      authentication: authentication, allowedOrigins: allowedOrigins,
      receive: { delivery in
        let event = ReceivedEvent(delivery)
        AsyncCall(worker: worker, deadline: delivery.deadline, executor: executor).run(
          { try await handler(event) }, then: { delivery.finish($0) })
      },
      record: record)
  }
}
