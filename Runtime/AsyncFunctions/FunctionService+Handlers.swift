// SPDX-License-Identifier: MIT
@_exported import Envelopes
@_exported import FunctionRuntime
@_exported import HTTPServer

/// The smallest functions: a name and an `async` handler. Who may push comes from the settings (`PUSH_AUTH` and its
/// kin), everything else has a default.
extension FunctionService where Settings == PushSettings {
  /// A function of Pub/Sub messages.
  ///
  /// ```swift
  /// try await FunctionService("greeter") { (message: PubSubMessage) in
  ///   print("Hello, \(message.text)!")
  /// }.run()
  /// ```
  ///
  /// The handler gets a message of its own, which may be kept. Pub/Sub hears 204 after it returns. If it throws, Pub/Sub
  /// pushes the message again, by the subscription's retry policy and up to its dead-letter topic, also if what it throws is a `Rejection`: the
  /// log then has that rejection's reason.
  ///
  /// - Parameters:
  ///   - name: The function's name, in `--help`, `--version` and log lines.
  ///   - version: The function's own, for `--version` and log lines.
  ///   - about: One sentence for `--help`.
  ///   - handler: Gets each message.
  public init(
    _ name: String, version: String = "0", about: String = "takes Pub/Sub messages.",
    _ handler: @escaping @Sendable (PubSubMessage) async throws -> Void
  ) {
    self.init(name, version: version, about: about) { settings, worker in
      .messages(
        MessageFunction(
          authentication: settings.authentication,
          receive: { delivery in
            let message = Owned(value: delivery.message.copied())
            AsyncCall(worker: worker, deadline: delivery.deadline, executor: nil).run(
              {
                try await handler(message.value)
                return .done
              }, then: { delivery.finish($0) })
          },
          record: { _, _, completion in completion(false) }))
    }
  }

  /// A function of CloudEvents, however they come: in headers, as JSON, in a batch, or as a Pub/Sub push, which
  /// becomes an event of type `CloudEvent.messagePublished`.
  ///
  /// The handler gets an event of its own. The sender hears 204 after it returns, and 503 if it throws. A `Rejection`
  /// that it throws is answered 422, and acknowledged and logged if Pub/Sub pushed the event.
  public init(
    _ name: String, version: String = "0", about: String = "takes CloudEvents.",
    _ handler: @escaping @Sendable (CloudEvent) async throws -> Void
  ) {
    self.init(name, version: version, about: about) { settings, worker in
      .events(
        EventFunction(
          authentication: settings.authentication,
          receive: { delivery in
            let event = Owned(value: delivery.event.copied())
            AsyncCall(worker: worker, deadline: delivery.deadline, executor: nil).run(
              {
                try await handler(event.value)
                return .done
              }, then: { delivery.finish($0) })
          }))
    }
  }

  /// What the functions above have in common.
  public init(
    _ name: String, version: String, about: String,
    function: @escaping @Sendable (PushSettings, Worker) -> Function
  ) {
    self.init(
      name: name, version: version, about: about, readSettings: { PushSettings(&$0) },
      start: { settings, worker in function(settings, worker) })
  }
}

extension FunctionService where Settings == NoSettings {
  /// A function of plain HTTP requests. Anybody may send one: `PUSH_AUTH` is about pushes alone.
  ///
  /// ```swift
  /// try await FunctionService("hello") { (request: ReceivedRequest) in
  ///   Response(status: 200, text: "Hello, \(request.path)!")
  /// }.run()
  /// ```
  ///
  /// If the handler throws, the client hears 500, and the log has the error's type.
  public init(
    _ name: String, version: String = "0", about: String = "answers HTTP requests.",
    _ handler: @escaping @Sendable (ReceivedRequest) async throws -> Response
  ) {
    self.init(
      name: name, version: version, about: about, readSettings: { NoSettings(&$0) },
      start: { _, worker in
        .http { request, call in
          let received = ReceivedRequest(request)
          AsyncCall(worker: worker, deadline: call.deadline, executor: nil).start(
            { () -> Result<Response, HandlerFailure> in
              do { return .success(try await handler(received)) } catch {
                return .failure(HandlerFailure(type: "\(type(of: error))"))
              }
            },
            then: { answer in
              switch answer {
              case .success(let response): call.reply(response)
              case .failure(let failure):
                worker.log.error("The handler threw an error.", ["error": .text(failure.type)])
                call.reply(Response(status: 500, text: Reason.handlerFailed.rawValue))
              }
            })
        }
      })
  }
}

/// The type of the error that a handler threw: its text may quote what a client sent.
private struct HandlerFailure: Error {
  let type: String
}

/// A copy that one task alone has.
private struct Owned<Value>: @unchecked Sendable {
  let value: Value
}
