// SPDX-License-Identifier: MIT
import Bytes

extension CloudEvent {
  /// Our own bound, which keeps a body of many tiny events from taking many times its size.
  public static let maximumBatch = 10_000

  /// Decodes an event in structured mode (JSON Event Format 1.0.2), which lies at `body` in `buffer`.
  ///
  /// Data that is a JSON value stays as it was written. Text and base64 are decoded in place, so the body
  /// cannot be decoded twice.
  public static func decodeJSON(
    in buffer: Buffer, body: Range<Int>
  ) throws(EnvelopeError) -> CloudEvent {
    let event = try JSONEvent.scan(buffer, body) { scanner, bytes in
      [try JSONEvent(&scanner, in: bytes)]
    }
    guard let event = event.first else { throw .malformedCloudEvent("there is no event") }
    return try event.decoded(in: buffer)
  }

  /// Decodes a batch (JSON Event Format 1.0.2 §4): an array of events, which may be empty. All or nothing.
  public static func decodeJSONBatch(
    in buffer: Buffer, body: Range<Int>
  ) throws(EnvelopeError) -> [CloudEvent] {
    let events = try JSONEvent.scan(buffer, body) { scanner, bytes in
      var events: [JSONEvent] = []
      try scanner.enterArray(in: bytes)
      while try scanner.nextElement(in: bytes) {
        guard events.count < maximumBatch else {
          throw EnvelopeError.malformedCloudEvent("the batch has more than \(maximumBatch) events")
        }
        events.append(try JSONEvent(&scanner, in: bytes))
      }
      return events
    }
    var decoded: [CloudEvent] = []
    decoded.reserveCapacity(events.count)
    for event in events { decoded.append(try event.decoded(in: buffer)) }
    return decoded
  }
}

/// The findings of a JSON event's scan, before its data is decoded.
private struct JSONEvent {
  private var attributes = EventAttributes()
  private var data: JSONValue?
  private var base64: JSONValue?

  /// Scans a whole body, and changes it only after all of it was found to be valid JSON.
  static func scan(
    _ buffer: Buffer, _ body: Range<Int>,
    _ read: (inout JSONScanner, Span<UInt8>) throws -> [JSONEvent]
  ) throws(EnvelopeError) -> [JSONEvent] {
    try buffer.withSpan { bytes throws(EnvelopeError) in
      guard body.lowerBound >= 0, body.upperBound <= bytes.count else {
        throw .malformedCloudEvent("the body is not there")
      }
      let bytes = bytes.extracting(0..<body.upperBound)
      do {
        var scanner = JSONScanner(at: body.lowerBound)
        let events = try read(&scanner, bytes)
        try scanner.finish(in: bytes)
        return events
      } catch let error as EnvelopeError {
        throw error
      } catch {
        throw .malformedCloudEvent("the body is not JSON: \(error)")
      }
    }
  }

  init(_ scanner: inout JSONScanner, in bytes: Span<UInt8>) throws {
    try scanner.enterObject(in: bytes)
    while let name = try scanner.nextMember(in: bytes) {
      let value = try scanner.value(in: bytes)
      if name.equals("data", in: bytes) {
        guard data == nil else { throw EnvelopeError.malformedCloudEvent("data comes twice") }
        data = value
      } else if name.equals("data_base64", in: bytes) {
        guard base64 == nil else { throw EnvelopeError.malformedCloudEvent("data comes twice") }
        base64 = value
      } else {
        let name = name.string(in: bytes)
        guard EventText.isName(name) else {
          throw EnvelopeError.malformedCloudEvent("a member's name is none of an attribute")
        }
        try attributes.set(name, Self.attribute(value, in: bytes))
      }
    }
    guard data == nil || base64 == nil else {
      throw EnvelopeError.malformedCloudEvent("it has both data and data_base64")
    }
  }

  /// An attribute's value; null is an unset one (JSON Event Format 1.0.2 §2.2).
  private static func attribute(
    _ value: JSONValue, in bytes: Span<UInt8>
  ) throws(EnvelopeError) -> CloudEvent.Value? {
    switch value.kind {
    case .null: return nil
    case .true: return .boolean(true)
    case .false: return .boolean(false)
    case .number:
      guard let number = bytes.decimal(at: value.range).flatMap({ Int32(exactly: $0) }) else {
        throw .malformedCloudEvent("an attribute is a number but no 32-bit integer")
      }
      return .integer(number)
    case .string:
      guard let string = value.string, string.isWellFormed(in: bytes) else {
        throw .malformedCloudEvent("an attribute has half a surrogate pair")
      }
      return .string(string.string(in: bytes))
    case .object, .array:
      throw .malformedCloudEvent("an attribute is an object or an array")
    }
  }

  // MARK: Data

  consuming func decoded(in buffer: Buffer) throws(EnvelopeError) -> CloudEvent {
    let range = try decodeData(in: buffer)
    return try attributes.event(in: buffer, data: range)
  }

  /// JSON Event Format 1.0.2 §3.1: `data_base64` is bytes; `data` is a JSON value if the content type says so
  /// or is absent, else text.
  private mutating func decodeData(in buffer: Buffer) throws(EnvelopeError) -> Range<Int>? {
    if let base64, base64.kind != .null {
      guard let string = base64.string,
        let range = buffer.withMutableSpan({ $0.decodeBase64($0.unescape(string)) })
      else { throw .malformedCloudEvent("data_base64 is not base64") }
      return range
    }
    guard let data else { return nil }
    if EventText.isJSON(attributes.dataContentType) {
      // A string with its quotes: then it is JSON again.
      return data.kind == .string
        ? data.range.lowerBound &- 1..<data.range.upperBound &+ 1 : data.range
    }
    if data.kind == .null {
      attributes.leniencies.insert(.nullData)
      return nil
    }
    guard let text = data.string, buffer.withSpan({ text.isWellFormed(in: $0) }) else {
      throw .malformedCloudEvent("data is not text, but datacontenttype is not JSON")
    }
    return buffer.withMutableSpan { $0.unescape(text) }
  }
}
