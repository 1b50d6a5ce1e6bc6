// SPDX-License-Identifier: MIT
// A whole function: prints what it receives as a line of JSON and says that it is done.
import FunctionRuntime
import Settings

enum Takes: String, CaseIterable { case events, messages }

struct Settings: Sendable {
  let takes: Takes
  let takesRawBodies: Bool
  let authentication: PushAuthentication

  init(_ reader: inout SettingsReader) {
    takes = reader.choice("TAKES", default: Takes.events, "events or Pub/Sub messages")
    takesRawBodies = reader.choice("RAW_BODIES", default: Answer.no, "every body is data") == .yes
    authentication = PushAuthentication(&reader)
  }

  enum Answer: String, CaseIterable { case yes, no }
}

FunctionService(
  name: "event-echo", about: "prints what it receives.",
  readSettings: { Settings(&$0) },
  start: { settings, _ in
    switch settings.takes {
    case .events:
      .events(
        EventFunction(authentication: settings.authentication) { delivery in
          writeLine(delivery.event)
          delivery.finish(.done)
        })
    case .messages:
      .messages(
        MessageFunction(
          authentication: settings.authentication, takesRawBodies: settings.takesRawBodies,
          receive: { delivery in
            writeLine(delivery.message)
            delivery.finish(.done)
          },
          record: { _, _, completion in completion(false) }))
    }
  }
).runForever()
