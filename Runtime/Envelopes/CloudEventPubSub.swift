// SPDX-License-Identifier: MIT
import Bytes

extension CloudEvent {
  // MARK: A message as an event

  /// Makes a wrapped push an event, as Google's frameworks do: its data is the push's body, byte by byte, as
  /// Eventarc sends the same message.
  public static func published(
    in buffer: Buffer, body: Range<Int>, topic: String? = nil
  ) throws(EnvelopeError) -> CloudEvent {
    try pushed(in: buffer, body: body, topic: topic).event
  }

  /// The same, and the subscription and delivery attempt, which its data says.
  public static func pushed(
    in buffer: Buffer, body: Range<Int>, topic: String? = nil
  ) throws(EnvelopeError) -> (event: CloudEvent, push: PushOrigin) {
    let envelope = try PubSubEnvelope.scan(buffer, body)
    let isBase64 = buffer.withSpan { bytes in
      envelope.data.map { Base64.isValid($0, in: bytes) } ?? true
    }
    guard isBase64 else { throw .malformedData }
    let id = envelope.id.map { id in buffer.withSpan { id.string(in: $0) } }
    let push = PushOrigin(envelope, in: buffer)
    let event = try published(
      id: id ?? "", topic: topic, subscription: push.subscription, time: envelope.publishTime,
      buffer: buffer, data: body)
    return (event, push)
  }

  /// Makes an unwrapped push an event. Its data is written as the wrapped push would have been.
  public static func published(_ message: PubSubMessage) throws(EnvelopeError) -> CloudEvent {
    var envelope = ByteWriter(capacity: message.data.count * 4 / 3 + 512)
    envelope.append(envelopeOf: message)
    let buffer = Buffer(capacity: envelope.count)
    buffer.append(envelope.bytes.span)
    return try published(
      id: message.messageID, topic: message.topic, subscription: message.subscription,
      time: message.publishTime, buffer: buffer, data: 0..<buffer.count)
  }

  private static func published(
    id: String, topic: String?, subscription: String?, time: Timestamp?, buffer: Buffer,
    data: Range<Int>
  ) throws(EnvelopeError) -> CloudEvent {
    guard !id.isEmpty else { throw .malformedEnvelope("message has no messageId") }
    guard let name = topic ?? subscription, !name.isEmpty else {
      throw .malformedEnvelope("there is neither a topic nor a subscription")
    }
    return CloudEvent(
      id: id, source: "//pubsub.googleapis.com/\(name)", type: messagePublished, subject: nil,
      time: time, dataContentType: "application/json", dataSchema: nil, extensions: [:],
      buffer: buffer, data: data, leniencies: [])
  }

  /// The subscription that an event of type `messagePublished` says it came through.
  public var subscription: String? { PushOrigin(of: self)?.subscription }

  // MARK: An event in a message

  /// Decodes the event that a message carries (Google's Pub/Sub binding): in attributes named `ce-…` with the
  /// event's data as the message's, or structured if `content-type` says so. Nothing is percent-encoded
  /// there. Nil if the message carries no event.
  public static func bound(to message: PubSubMessage) throws(EnvelopeError) -> CloudEvent? {
    let contentType = message.attribute("content-type")
    if let contentType, contentType.lowercased().hasPrefix("application/cloudevents") {
      guard contentType.lowercased().hasPrefix("application/cloudevents+json") else {
        throw .unknownEventFormat
      }
      return try decodeJSON(in: message.buffer, body: message.data)
    }
    var texts: [(name: String, value: String)] = []
    message.forEachAttribute { name, value in
      guard name.equalsIgnoringCase("ce-", prefixOf: 0..<name.count) else { return }
      texts.append((name.string(3..<name.count), value.string))
    }
    let required = ["id", "source", "specversion", "type"]
    guard required.allSatisfy({ name in texts.contains { $0.name == name } }) else { return nil }
    var attributes = EventAttributes()
    if let contentType { try attributes.set("datacontenttype", .string(contentType)) }
    for (name, value) in texts where name != "datacontenttype" || contentType == nil {
      guard EventText.isName(name) else {
        attributes.leniencies.insert(.extensionName)
        continue
      }
      try attributes.set(name, .string(value))
    }
    return try attributes.event(
      in: message.buffer, data: message.data.isEmpty ? nil : message.data)
  }
}

extension PubSubMessage {
  /// Decodes the message out of an event of type `messagePublished`: in place, so the event's data is used
  /// up by it.
  public static func decode(_ event: CloudEvent) throws(EnvelopeError) -> PubSubMessage {
    guard event.type == CloudEvent.messagePublished, let data = event.data else {
      throw .malformedCloudEvent("it is not a Pub/Sub message")
    }
    return try decodeWrapped(
      in: event.buffer, body: data, topic: PushTarget.topic(ofSource: event.source))
  }
}

extension ByteWriter {
  /// Appends a wrapped push for the message: `{"message":{…},"subscription":"…"}`.
  public mutating func append(envelopeOf message: PubSubMessage) {
    append("{\"message\":{\"data\":\"" as StaticString)
    message.buffer.withSpan { append(base64: $0.extracting(message.data)) }
    append("\",\"attributes\":{" as StaticString)
    var isFirst = true
    message.forEachAttribute { name, value in
      if !isFirst { append(UInt8(ascii: ",")) }
      isFirst = false
      append(json: name)
      append(UInt8(ascii: ":"))
      append(json: value)
    }
    append("},\"messageId\":" as StaticString)
    append(json: message.messageID)
    if let time = message.publishTime {
      append(",\"publishTime\":\"" as StaticString)
      append(rfc3339: time)
      append(UInt8(ascii: "\""))
    }
    if let key = message.orderingKey {
      append(",\"orderingKey\":" as StaticString)
      append(json: key)
    }
    append(UInt8(ascii: "}"))
    if let subscription = message.subscription {
      append(",\"subscription\":" as StaticString)
      append(json: subscription)
    }
    append(UInt8(ascii: "}"))
  }
}
