// SPDX-License-Identifier: MIT
import AsyncFunctions
import Envelopes
import Foundation
import FunctionRuntime

extension EventFunction {
  /// A function of values: the event's data is decoded from JSON by Foundation, which this module links
  /// and the others do not. Of an event that is a Pub/Sub message it is the message's data. Data that does
  /// not decode is rejected with `payload_invalid`.
  public static func typed<Payload: Decodable & Sendable>(
    _ type: Payload.Type, stage: String, authentication: PushAuthentication, worker: Worker,
    allowedOrigins: [String]? = nil, executor: (any TaskExecutor)? = nil,
    record: ((EventDelivery, Rejection, @escaping (Bool) -> Void) -> Void)? = nil,
    _ handler: @escaping @Sendable (Payload, ReceivedEvent) async throws -> Outcome
  ) -> EventFunction {
    .asynchronous(
      authentication: authentication, worker: worker, allowedOrigins: allowedOrigins,
      executor: executor, record: record
    ) { event in
      let data = event.message?.data ?? event.data
      let payload: Payload
      do throws(Rejection) {
        payload = try .decoded(from: data ?? [], stage)
      } catch {
        return .reject(error)
      }
      return try await handler(payload, event)
    }
  }
}
