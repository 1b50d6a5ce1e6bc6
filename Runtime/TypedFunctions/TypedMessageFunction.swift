// SPDX-License-Identifier: MIT
import AsyncFunctions
import Envelopes
import Foundation
import FunctionRuntime

extension MessageFunction {
  /// A function of values: the message's data is decoded from JSON by Foundation, which this module
  /// links and the others do not. Data that does not decode is rejected with `payload_invalid`.
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
      do throws(Rejection) {
        payload = try .decoded(from: message.data, stage)
      } catch {
        return .reject(error)
      }
      return try await handler(payload, message)
    }
  }
}
