// SPDX-License-Identifier: MIT
import Bytes

@testable import Envelopes

/// A wrapped push means the same each time, and what was read of it can be written and read again.
struct EnvelopeFuzzing: FuzzSubject {
  mutating func finding(in input: [UInt8]) -> String? {
    let verdict = verdict(input)
    guard verdict == self.verdict(input) else { return "The same push is read differently." }
    if let problem = problemWithEvent(of: input, verdict) { return problem }
    guard case .success(let push) = verdict else { return nil }

    guard let message = try? message(input) else { return "The same push is refused." }
    for (name, value) in push.attributes {
      guard message.attribute(name.span.string).map({ Array($0.utf8) }) == value else {
        return "An attribute is not found by its name."
      }
    }
    if push.data.isEmpty, push.attributes.isEmpty { return "The message is empty." }
    _ = try? CloudEvent.bound(to: message)

    guard let again = try? self.message(input) else { return "The same push is refused." }
    var writer = ByteWriter()
    writer.append(envelopeOf: again)
    var written = push
    written.attempt = nil
    guard self.verdict(writer.bytes) == .success(written) else {
      return "A push is not what is read when it has been written."
    }
    return nil
  }

  private func message(_ input: [UInt8]) throws(EnvelopeError) -> PubSubMessage {
    let (buffer, offset) = input.inBuffer
    return try .decodeWrapped(in: buffer, body: offset..<buffer.count)
  }

  private func verdict(_ input: [UInt8]) -> Result<Push, EnvelopeError> {
    Result { () throws(EnvelopeError) in Push(try message(input)) }
  }

  /// The event that stands for a push keeps its bytes, and its data is as good as the message's.
  private func problemWithEvent(
    of input: [UInt8], _ verdict: Result<Push, EnvelopeError>
  ) -> String? {
    let (buffer, offset) = input.inBuffer
    let event: CloudEvent
    do throws(EnvelopeError) {
      event = try .published(in: buffer, body: offset..<buffer.count)
    } catch {
      // An event needs an id and a source, a message does not.
      if case .success = verdict, error == .malformedData { return "Base64 is judged in two ways." }
      return nil
    }
    guard case .success(let push) = verdict else { return "An event is taken, its message is not." }
    guard event.data.map(buffer.bytes) == input else { return "The event's data is not the push." }
    guard event.subscription == push.subscription else { return "There are two subscriptions." }
    guard let message = try? PubSubMessage.decode(event), Push(message) == push else {
      return "The event's message is another one."
    }
    return nil
  }
}

/// All that a message says.
struct Push: Equatable {
  let data: [UInt8]
  let id: String
  let subscription: String?
  let time: Timestamp?
  let key: String?
  var attempt: Int?
  /// As bytes: `String` takes two texts for one that Unicode calls equivalent.
  let attributes: [[UInt8]: [UInt8]]

  init(_ message: PubSubMessage) {
    data = message.buffer.bytes(message.data)
    id = message.messageID
    subscription = message.subscription
    time = message.publishTime
    key = message.orderingKey
    attempt = message.deliveryAttempt
    var attributes: [[UInt8]: [UInt8]] = [:]
    message.forEachAttribute { name, value in
      attributes[name.indices.map { name[$0] }] = value.indices.map { value[$0] }
    }
    self.attributes = attributes
  }
}
