// SPDX-License-Identifier: MIT
import Bytes

@testable import Envelopes
@testable import HTTPServer

/// Events in all modes: what begins with `{` is one in JSON, with `[` a batch, anything else is a request.
struct CloudEventFuzzing: FuzzSubject {
  private let parser = RequestHeadParser()

  mutating func finding(in input: [UInt8]) -> String? {
    switch input.first {
    case UInt8(ascii: "{"): structured(input)
    case UInt8(ascii: "["): batch(input)
    default: request(input)
    }
  }

  private typealias Events = Result<[Event], EnvelopeError>

  private func events(
    _ input: [UInt8],
    _ decode: (Buffer, Range<Int>) throws(EnvelopeError) -> [CloudEvent]
  ) -> Events {
    let (buffer, offset) = input.inBuffer
    return Result { () throws(EnvelopeError) in
      try decode(buffer, offset..<buffer.count).map(Event.init)
    }
  }

  private func single(_ input: [UInt8]) -> Events {
    events(input) { buffer, body throws(EnvelopeError) in
      [try .decodeJSON(in: buffer, body: body)]
    }
  }

  private func many(_ input: [UInt8]) -> Events {
    events(input) { buffer, body throws(EnvelopeError) in
      try CloudEvent.decodeJSONBatch(in: buffer, body: body)
    }
  }

  // MARK: JSON

  private func structured(_ input: [UInt8]) -> String? {
    let verdict = single(input)
    guard single(input) == verdict else { return "The same event is read differently." }
    guard case .success(let events) = verdict, let event = events.first else { return nil }
    switch many(Array("[".utf8) + input + Array(",".utf8) + input + Array("]".utf8)) {
    case .success(let batch):
      if batch != [event, event] { return "An event is another one in a batch." }
    case .failure(let error):
      if !error.detail.contains("nests deeper") { return "An event is refused in a batch." }
    }
    return rewritten(event)
  }

  private func batch(_ input: [UInt8]) -> String? {
    let verdict = many(input)
    guard many(input) == verdict else { return "The same batch is read differently." }
    guard case .success(let events) = verdict else { return nil }
    return events.lazy.compactMap(rewritten).first
  }

  /// What was read of an event, written as JSON, has to be the same event.
  private func rewritten(_ event: Event) -> String? {
    guard !event.id.isEmpty, !event.source.isEmpty, !event.type.isEmpty else {
      return "A required attribute is empty."
    }
    guard single(event.json) == .success([event]) else {
      return "An event is not what is read when it has been written."
    }
    return nil
  }

  // MARK: Requests

  private func request(_ input: [UInt8]) -> String? {
    var head = RequestHead()
    let (buffer, offset) = input.inBuffer
    let isWhole = try? buffer.withSpan { bytes throws(HeadError) in
      try parser.parse(bytes, from: offset, into: &head)
    }
    guard isWhole == true else { return nil }
    let fields = head.fields
    let body = head.end..<buffer.count
    _ = buffer.withSpan { PushTarget($0.extracting(head.target)) }

    let push = buffer.withSpan { PushHead(fields, in: $0) }
    if push.hasMessageID {
      let message = PubSubMessage.unwrapped(in: buffer, fields: fields, body: body)
      let said = Push(message)
      guard said.data == buffer.bytes(body) else { return "The data is not the body." }
      _ = try? CloudEvent.published(message)
      _ = try? CloudEvent.bound(to: message)
    }
    // An event with a media type of events in its data is binary for this function all the same.
    guard let event = try? CloudEvent.decodeBinary(in: buffer, fields: fields, body: body) else {
      return push.mode == .none ? nil : refused(push.mode)
    }
    if case .incomplete = push.mode { return "An event is taken that lacks an attribute." }
    if push.mode == .none { return "An event is taken that nobody would see." }
    let read = Event(event)
    if let data = read.data, data != buffer.bytes(body) { return "The data is not the body." }
    if let problem = rewritten(read) { return problem }
    _ = event.subscription
    _ = try? PubSubMessage.decode(event)
    return nil
  }

  /// A refused event is one of a mode; there is nothing more to ask.
  private func refused(_ mode: PushHead.Mode) -> String? {
    guard case .incomplete(let missing) = mode else { return nil }
    return missing.isEmpty ? "An event lacks nothing and is incomplete." : nil
  }
}

/// All that an event says, but not what was let pass in saying it.
private struct Event: Equatable {
  let id: String
  let source: String
  let type: String
  let optional: [String: String]
  let time: Timestamp?
  let extensions: [String: CloudEvent.Value]
  let data: [UInt8]?

  init(_ event: CloudEvent) {
    id = event.id
    source = event.source
    type = event.type
    optional = [
      "subject": event.subject, "datacontenttype": event.dataContentType,
      "dataschema": event.dataSchema,
    ].compactMapValues { $0 }
    time = event.time
    extensions = event.extensions
    data = event.data.map(event.buffer.bytes)
  }

  /// The event in structured mode, its data as bytes.
  var json: [UInt8] {
    var writer = ByteWriter()
    writer.append(#"{"specversion":"1.0""# as StaticString)
    func member(_ name: String, _ write: (inout ByteWriter) -> Void) {
      writer.append(",")
      writer.append(json: name)
      writer.append(":")
      write(&writer)
    }
    let texts = optional.merging(["id": id, "source": source, "type": type]) { text, _ in text }
    for (name, text) in texts { member(name) { $0.append(json: text) } }
    if let time { member("time") { $0.append(json: time.description) } }
    for (name, value) in extensions {
      member(name) { writer in
        if case .string(let text) = value {
          writer.append(json: text)
        } else {
          writer.append(value.text)
        }
      }
    }
    if let data {
      member("data_base64") { writer in
        writer.append("\"")
        writer.append(base64: data.span)
        writer.append("\"")
      }
    }
    writer.append("}")
    return writer.bytes
  }
}
