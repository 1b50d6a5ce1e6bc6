// SPDX-License-Identifier: MIT
@_exported import AsyncFunctions
import FunctionRuntime

extension FunctionService where Settings == PushSettings {
  /// A function of values: the data of each Pub/Sub message or CloudEvent, decoded from JSON by Foundation.
  ///
  /// ```swift
  /// struct Greeting: Decodable { let name: String }
  ///
  /// try await FunctionService("greeter") { (greeting: Greeting) in
  ///   print("Hello, \(greeting.name)!")
  /// }.run()
  /// ```
  ///
  /// Data that does not decode is rejected with the reason `payload_invalid` and the path of the field.
  public init<Payload: Decodable & Sendable>(
    _ name: String, version: String = "0", about: String = "takes JSON values.",
    _ handler: @escaping @Sendable (Payload) async throws -> Void
  ) {
    self.init(name, version: version, about: about) { settings, worker in
      .events(
        .typed(
          Payload.self, stage: name, authentication: settings.authentication, worker: worker
        ) { payload, _ in
          try await handler(payload)
          return .done
        })
    }
  }
}
