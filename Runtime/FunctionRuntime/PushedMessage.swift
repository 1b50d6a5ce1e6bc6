// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import HTTPServer

extension Request {
  /// The kind of the request's body, as its headers say.
  var pushHead: PushHead {
    let fields = fieldsInPlace
    return bodyInPlace.buffer.withSpan { PushHead(fields, in: $0) }
  }

  /// Whether the body is in a coding that would have to be undone: a small body may become a huge one. Of an
  /// unwrapped push any header may be an attribute, and its bytes are handed on as they are.
  var isEncoded: Bool {
    let codings = headerCount("content-encoding")
    return codings > 0 && headerCount("x-goog-pubsub-message-id") == 0
  }

  var pushTarget: PushTarget { withPathAndQuery { PushTarget($0) } }

  /// The message that was pushed, in whichever of the five ways.
  ///
  /// The headers decide before the form of the body. Otherwise a publisher could write data that looks like a
  /// wrapped push, and so make up an id and a subscription.
  /// - Parameters:
  ///   - takesRawBodies: Whether every other body is a message's data.
  ///   - needsID: Whether a message without an id is refused. By hand, on a laptop, it may be left out.
  func message(takesRawBodies: Bool, needsID: Bool) throws(EnvelopeError) -> PubSubMessage {
    let head = pushHead
    let target = pushTarget
    let (buffer, body) = bodyInPlace
    let fields = fieldsInPlace
    if head.hasMessageID {
      return .unwrapped(in: buffer, fields: fields, body: body, topic: target.topic)
    }
    if takesRawBodies { return .raw(in: buffer, body: body, topic: target.topic) }
    switch head.mode {
    case .none: break
    case .binary: return try .decode(.decodeBinary(in: buffer, fields: fields, body: body))
    case .incomplete(let missing): throw .missing(missing)
    case .structured, .batch, .unknownFormat: throw .unknownEventFormat
    }
    let message = try PubSubMessage.decodeWrapped(in: buffer, body: body, topic: target.topic)
    guard message.hasMessageID || !needsID else {
      throw .malformedEnvelope("message has no messageId")
    }
    // Eventarc's fallback: the message is in an event that is in a message.
    if target.isBinding, let event = try CloudEvent.bound(to: message),
      event.type == CloudEvent.messagePublished
    {
      return try .decode(event)
    }
    return message
  }
}
