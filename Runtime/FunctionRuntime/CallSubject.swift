// SPDX-License-Identifier: MIT
import Envelopes

/// The message or event of a call, for the call's log line.
protocol CallSubject: AnyObject {
  /// Of a Pub/Sub message.
  var messageID: String? { get }
  /// Of a CloudEvent.
  var event: (id: String, type: String)? { get }
  /// Who pushed it; nil if nobody did.
  var push: PushOrigin? { get }
}

/// A CloudEvent as the subject of a call.
final class EventSubject: CallSubject {
  let event: (id: String, type: String)?
  let push: PushOrigin?
  var messageID: String? { nil }

  init(_ event: CloudEvent, push: PushOrigin?) {
    self.event = (event.id, event.type)
    self.push = push
  }
}
