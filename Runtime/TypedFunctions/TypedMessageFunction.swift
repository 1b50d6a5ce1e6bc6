// SPDX-License-Identifier: MIT
import AsyncFunctions
import Events
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
      let payload: Payload
      do {
        payload = try JSONDecoder().decode(Payload.self, from: Data(message.data))
      } catch {
        // The error may quote the data, which stays out of logs and attributes.
        return .reject(
          Rejection(
            stage: stage, reason: .entryNotJSON, detail: "The data is not a \(Payload.self)."))
      }
      return try await handler(payload, message)
    }
  }
}
