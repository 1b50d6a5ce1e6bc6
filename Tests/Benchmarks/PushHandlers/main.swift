// SPDX-License-Identifier: MIT
// The same function of pushes in each way that a handler can be written, to compare what they cost.
import AsyncFunctions
import FunctionRuntime
import Settings
import TypedFunctions

enum Handler: String, CaseIterable { case synchronous, asynchronous, typed }
enum Takes: String, CaseIterable { case messages, events }

struct Settings: Sendable {
  let takes: Takes
  let handler: Handler
  let authentication: PushAuthentication

  init(_ reader: inout SettingsReader) {
    takes = reader.choice("TAKES", default: .messages, "what a push becomes")
    handler = reader.choice("HANDLER", default: .synchronous, "how the handler is written")
    authentication = PushAuthentication(&reader)
  }
}

struct Entry: Decodable, Sendable {
  let insertId: String
}

func messages(_ settings: Settings, _ worker: Worker) -> MessageFunction {
  let authentication = settings.authentication
  switch settings.handler {
  case .synchronous:
    return MessageFunction(
      authentication: authentication,
      receive: { $0.finish($0.message.data.isEmpty ? .retry(.handlerFailed) : .done) },
      record: { _, _, completion in completion(false) })
  case .asynchronous:
    return .asynchronous(authentication: authentication, worker: worker) { message in
      message.data.isEmpty ? .retry(.handlerFailed) : .done
    }
  case .typed:
    return .typed(Entry.self, stage: "bench", authentication: authentication, worker: worker) {
      entry, _ in
      entry.insertId.isEmpty ? .retry(.handlerFailed) : .done
    }
  }
}

func events(_ settings: Settings, _ worker: Worker) -> EventFunction {
  let authentication = settings.authentication
  switch settings.handler {
  case .synchronous:
    return EventFunction(authentication: authentication) { delivery in
      delivery.finish(delivery.event.data == nil ? .retry(.handlerFailed) : .done)
    }
  case .asynchronous:
    return .asynchronous(authentication: authentication, worker: worker) { event in
      event.data == nil ? .retry(.handlerFailed) : .done
    }
  case .typed:
    return .typed(Entry.self, stage: "bench", authentication: authentication, worker: worker) {
      entry, _ in
      entry.insertId.isEmpty ? .retry(.handlerFailed) : .done
    }
  }
}

FunctionService(
  name: "push-handlers", about: "acknowledges pushes.", readSettings: { Settings(&$0) },
  start: { settings, worker in
    switch settings.takes {
    case .messages: .messages(messages(settings, worker))
    case .events: .events(events(settings, worker))
    }
  }
).runForever()
