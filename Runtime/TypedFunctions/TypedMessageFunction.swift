// SPDX-License-Identifier: MIT
import AsyncFunctions
import Envelopes
import Foundation
import FunctionRuntime

extension MessageFunction {
  /// A function of values: the message's data is decoded from JSON by Foundation, which this module
  /// links and the others do not. Data that does not decode is rejected with `entry_not_json`.
  public static func typed<Payload: Decodable & Sendable>(
    _ type: Payload.Type, stage: String, authentication: PushAuthentication, worker: Worker,
    executor: (any TaskExecutor)? = nil,
    record: ((Delivery, Rejection, @escaping (Bool) -> Void) -> Void)? = nil,
    _ handler: @escaping @Sendable (Payload, ReceivedMessage) async throws -> Outcome
  ) -> MessageFunction {
    .asynchronous(
      authentication: authentication, worker: worker, executor: executor, record: record
    ) { message in
      guard let payload = Payload(json: message.data) else {
        return .reject(.noValue(of: type, stage))
      }
      return try await handler(payload, message)
    }
  }
}
