// SPDX-License-Identifier: MIT
import Bytes

/// Why a request carries neither a Pub/Sub message nor an event.
public enum EnvelopeError: Error, Equatable, Sendable {
  /// Not the JSON that Pub/Sub sends; the text names the fault.
  case malformedEnvelope(String)
  /// `message.data` is not base64.
  case malformedData
  /// Not a valid CloudEvent; the text names the fault.
  case malformedCloudEvent(String)
  /// A CloudEvent in a format other than JSON.
  case unknownEventFormat

  /// Some of the required attributes are there, but not these.
  public static func missing(_ names: [String]) -> EnvelopeError {
    .malformedCloudEvent("these attributes are missing: \(names.joined(separator: ", "))")
  }

  public var reason: Reason {
    switch self {
    case .malformedEnvelope: .malformedEnvelope
    case .malformedData: .malformedData
    case .malformedCloudEvent: .malformedCloudEvent
    case .unknownEventFormat: .unknownEventFormat
    }
  }

  public var detail: String {
    switch self {
    case .malformedEnvelope(let detail), .malformedCloudEvent(let detail): detail
    case .malformedData: "message.data is not base64"
    case .unknownEventFormat: "the event is not in JSON"
    }
  }
}

extension PubSubMessage {
  /// Pub/Sub's own limit is 100; it adds a few when it dead-letters.
  public static let maximumAttributes = 256

  /// Decodes a wrapped push, `{"message":{…},"subscription":"…"}`, which lies at `body` in `buffer`.
  /// Eventarc sends the same object as the body of a binary CloudEvent. The topic is not in it.
  ///
  /// The data is decoded in place, over its own base64, so the body cannot be decoded twice. Both spellings
  /// of id and time are read, and camelCase wins. A member that comes twice is refused, as another reader
  /// could see the other one; unknown members are skipped.
  public static func decodeWrapped(
    in buffer: Buffer, body: Range<Int>, topic: String? = nil
  ) throws(EnvelopeError) -> PubSubMessage {
    let scan = try PubSubEnvelope.scan(buffer, body)
    var data = body.lowerBound..<body.lowerBound
    if let encoded = scan.data {
      let decoded = buffer.withMutableSpan { $0.decodeBase64($0.unescape(encoded)) }
      guard let decoded else { throw .malformedData }
      data = decoded
    }
    return PubSubMessage(
      buffer: buffer, data: data, publishTime: scan.publishTime,
      deliveryAttempt: scan.deliveryAttempt, topic: topic, id: scan.id,
      subscriptionName: scan.subscription, key: scan.orderingKey, attributeObject: scan.attributes)
  }
}

/// The findings of a wrapped push's scan, before the data is decoded.
struct PubSubEnvelope {
  var data: JSONString?
  var id: JSONString?
  var publishTime: Timestamp?
  var orderingKey: JSONString?
  var subscription: JSONString?
  var deliveryAttempt: Int?
  var attributes: Range<Int>?
  var attributeCount = 0

  static func scan(_ buffer: Buffer, _ body: Range<Int>) throws(EnvelopeError) -> PubSubEnvelope {
    try buffer.withSpan { bytes throws(EnvelopeError) in
      guard body.lowerBound >= 0, body.upperBound <= bytes.count else {
        throw .malformedEnvelope("the body is not there")
      }
      return try scan(bytes.extracting(0..<body.upperBound), at: body.lowerBound)
    }
  }

  private static func scan(
    _ bytes: Span<UInt8>, at start: Int
  ) throws(EnvelopeError) -> PubSubEnvelope {
    var envelope = PubSubEnvelope()
    do {
      try envelope.readBody(bytes, at: start)
    } catch let error as EnvelopeError {
      throw error
    } catch {
      throw .malformedEnvelope("the body is not JSON: \(error)")
    }
    guard envelope.data.map({ !$0.range.isEmpty }) ?? false || envelope.attributeCount > 0 else {
      throw .malformedEnvelope("message has neither data nor attributes")
    }
    return envelope
  }

  private mutating func readBody(_ bytes: Span<UInt8>, at start: Int) throws {
    var scanner = JSONScanner(at: start)
    var names = DistinctNames(limit: 64)
    var hasMessage = false
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      try names.add(name, in: bytes)
      if name.equals("message", in: bytes) {
        guard try scanner.peek(in: bytes) == .object else {
          throw EnvelopeError.malformedEnvelope("message is not an object")
        }
        try readMessage(&scanner, in: bytes)
        hasMessage = true
        continue
      }
      let value = try scanner.value(in: bytes)
      if name.equals("subscription", in: bytes) {
        subscription = value.string
      } else if name.equals("deliveryAttempt", in: bytes) {
        deliveryAttempt = attempt(value, in: bytes) ?? deliveryAttempt
      } else if name.equals("delivery_attempt", in: bytes) {
        deliveryAttempt = deliveryAttempt ?? attempt(value, in: bytes)
      }
    }
    try scanner.finish(in: bytes)
    guard hasMessage else { throw EnvelopeError.malformedEnvelope("there is no message") }
  }

  /// A proto3 message writes 0 for a count that is absent.
  private func attempt(_ value: JSONValue, in bytes: Span<UInt8>) -> Int? {
    bytes.decimal(at: value.range).flatMap { $0 > 0 ? $0 : nil }
  }

  private enum MessageField: Sendable { case data, attributes, id, time, orderingKey }

  private static let messageFields = FieldNames<MessageField>([
    (.data, "data"), (.attributes, "attributes"), (.id, "messageId"), (.time, "publishTime"),
    (.orderingKey, "orderingKey"),
  ])

  private mutating func readMessage(_ scanner: inout JSONScanner, in bytes: Span<UInt8>) throws {
    var names = DistinctNames(limit: 64)
    var (camelID, snakeID): (JSONString?, JSONString?)
    var (camelTime, snakeTime): (JSONString?, JSONString?)
    let fields = Self.messageFields
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      try names.add(name, in: bytes)
      guard let (field, isSnakeCase) = fields.find(name, in: bytes) else {
        _ = try scanner.value(in: bytes)
        continue
      }
      if field == .attributes, try scanner.peek(in: bytes) != .null {
        try readAttributes(&scanner, in: bytes)
        continue
      }
      let value = try scanner.value(in: bytes)
      switch field {
      case .data:
        guard value.kind == .string || value.kind == .null else {
          throw EnvelopeError.malformedEnvelope("message.data is not a string")
        }
        data = value.string
      case .id where isSnakeCase: snakeID = value.string
      case .id: camelID = value.string
      case .time where isSnakeCase: snakeTime = value.string
      case .time: camelTime = value.string
      case .orderingKey where isSnakeCase: orderingKey = orderingKey ?? value.string
      case .orderingKey: orderingKey = value.string
      case .attributes: continue
      }
    }
    id = camelID ?? snakeID
    if let time = camelTime ?? snakeTime {
      publishTime = Timestamp(rfc3339: bytes, time.range)
    }
  }

  private mutating func readAttributes(_ scanner: inout JSONScanner, in bytes: Span<UInt8>) throws {
    guard try scanner.peek(in: bytes) == .object else {
      throw EnvelopeError.malformedEnvelope("message.attributes is not an object")
    }
    let first = scanner.position
    var names = DistinctNames(limit: PubSubMessage.maximumAttributes)
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      try names.add(name, in: bytes)
      guard try scanner.value(in: bytes).kind == .string else {
        throw EnvelopeError.malformedEnvelope("an attribute is not a string")
      }
    }
    attributeCount = names.count
    attributes = first..<scanner.position
  }
}

/// The names of one object, each of which may come once.
private struct DistinctNames {
  /// Four times Pub/Sub's own limit for an attribute's name, in bytes of text.
  private static let longest = 1024

  /// As many as a push has, without memory from the heap; the others are in `more`.
  private var names: [8 of JSONString] = .init(
    repeating: JSONString(range: 0..<0, hasEscapes: false))
  private var more: [JSONString] = []
  private let limit: Int
  private(set) var count = 0

  init(limit: Int) { self.limit = limit }

  /// The limits also bound the comparisons, of which there are as many as pairs.
  mutating func add(_ name: JSONString, in bytes: Span<UInt8>) throws(EnvelopeError) {
    guard count < limit else {
      throw .malformedEnvelope("an object has more than \(limit) members")
    }
    // However it is escaped: a byte may come as `\u0061`, so the first test bounds the work of the second.
    guard name.range.count <= Self.longest * 6,
      !name.hasEscapes || name.text(in: bytes).count <= Self.longest,
      name.hasEscapes || name.range.count <= Self.longest
    else {
      throw .malformedEnvelope("a member's name is longer than \(Self.longest) bytes")
    }
    for index in 0..<min(count, 8) where mayEqual(names[index], name, in: bytes) {
      guard names[index].equals(name, in: bytes) else { continue }
      throw .malformedEnvelope("a member comes twice")
    }
    for other in more where other.equals(name, in: bytes) {
      throw .malformedEnvelope("a member comes twice")
    }
    if count < 8 { names[count] = name } else { more.append(name) }
    count += 1
  }

  /// Tells nearly all names apart without a call.
  @inline(__always)
  private func mayEqual(_ one: JSONString, _ other: JSONString, in bytes: Span<UInt8>) -> Bool {
    if one.hasEscapes || other.hasEscapes { return true }
    guard one.range.count == other.range.count else { return false }
    return one.range.isEmpty || bytes[one.range.lowerBound] == bytes[other.range.lowerBound]
  }
}
