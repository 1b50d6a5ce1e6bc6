// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import HTTPServer

/// The events of one request, and its sender.
struct SentEvents {
  var events: [CloudEvent]
  var sender: Sender
  var push: PushOrigin?
}

extension Request {
  /// The events that the request carries, in whichever way.
  func events() throws(EnvelopeError) -> SentEvents {
    let head = pushHead
    let target = pushTarget
    let (buffer, body) = bodyInPlace
    let fields = fieldsInPlace
    var sent = SentEvents(events: [], sender: .pubSub)
    switch head.mode {
    case .batch: sent.events = try CloudEvent.decodeJSONBatch(in: buffer, body: body)
    case .structured: sent.events = [try .decodeJSON(in: buffer, body: body)]
    case .unknownFormat: throw .unknownEventFormat
    case .binary:
      let event = try CloudEvent.decodeBinary(in: buffer, fields: fields, body: body)
      sent.events = [event]
      sent.push = head.hasMessageID ? PushOrigin(unwrapped(target)) : PushOrigin(of: event)
    case .incomplete(let missing) where !head.hasMessageID:
      throw .missing(missing)
    case .incomplete, .none:
      return try pushed(head, target)
    }
    let isPubSub =
      head.hasMessageID || target.isEventarc || isAgentOfGoogle
      || sent.events.contains { $0.type == CloudEvent.messagePublished }
    sent.sender = isPubSub ? .pubSub : .other
    return sent
  }

  private func pushed(_ head: PushHead, _ target: PushTarget) throws(EnvelopeError) -> SentEvents {
    let (buffer, body) = bodyInPlace
    if head.hasMessageID {
      let message = unwrapped(target)
      return SentEvents(
        events: [try .published(message)], sender: .pubSub, push: PushOrigin(message))
    }
    guard target.isBinding else {
      let (event, push) = try CloudEvent.pushed(in: buffer, body: body, topic: target.topic)
      return SentEvents(events: [event], sender: .pubSub, push: push)
    }
    let message = try PubSubMessage.decodeWrapped(in: buffer, body: body, topic: target.topic)
    let bound = try CloudEvent.bound(to: message)
    let event = if let bound { bound } else { try CloudEvent.published(message) }
    return SentEvents(events: [event], sender: .pubSub, push: PushOrigin(message))
  }

  private func unwrapped(_ target: PushTarget) -> PubSubMessage {
    let (buffer, body) = bodyInPlace
    return .unwrapped(in: buffer, fields: fieldsInPlace, body: body, topic: target.topic)
  }

  /// Pub/Sub pushes by these names. It decides only how a rejection is answered.
  private var isAgentOfGoogle: Bool {
    withHeader("user-agent") { agent in
      agent.equalsIgnoringCase("apis-google", prefixOf: 0..<agent.count)
        || agent.equalsIgnoringCase("cloudpubsub-google", prefixOf: 0..<agent.count)
    } ?? false
  }
}
