// SPDX-License-Identifier: MIT
import Bytes

extension CloudEvent {
  /// Decodes an event in binary mode (HTTP Protocol Binding 1.0.2 §3.1): a `ce-` header for each attribute,
  /// the body is the data, `Content-Type` its type.
  ///
  /// Mistakes of real senders are let pass where the meaning is clear, see `Leniencies`.
  public static func decodeBinary(
    in buffer: Buffer, fields: [HeaderField], body: Range<Int>
  ) throws(EnvelopeError) -> CloudEvent {
    var attributes = EventAttributes()
    try buffer.withSpan { bytes throws(EnvelopeError) in
      for field in fields {
        if field.isNamed("content-type", in: bytes) {
          try attributes.setText(header: "datacontenttype", field.value, in: bytes, encoded: false)
        } else if field.isNamed(beginningWith: "ce-", in: bytes) {
          let name = bytes.string(field.name.lowerBound &+ 3..<field.name.upperBound).lowercased()
          try attributes.set(header: name, field.value, in: bytes)
        }
      }
    }
    return try attributes.event(in: buffer, data: body.isEmpty ? nil : body)
  }
}

extension EventAttributes {
  fileprivate mutating func set(
    header name: String, _ value: Range<Int>, in bytes: Span<UInt8>
  ) throws(EnvelopeError) {
    guard name != "datacontenttype" else {
      leniencies.insert(.dataContentTypeHeader)
      return
    }
    guard EventText.isName(name) else {
      leniencies.insert(.extensionName)
      return
    }
    try setText(header: name, value, in: bytes, encoded: true)
  }

  fileprivate mutating func setText(
    header name: String, _ value: Range<Int>, in bytes: Span<UInt8>, encoded: Bool
  ) throws(EnvelopeError) {
    var text = ByteWriter(capacity: value.count)
    if encoded {
      leniencies.formUnion(text.append(headerValue: bytes.extracting(value)))
    } else {
      text.append(bytes, value)
    }
    guard UTF8Text.isValid(text.bytes.span, 0..<text.count) else {
      throw .malformedCloudEvent("a header is not UTF-8")
    }
    if text.count == 0, ["subject", "time", "dataschema", "datacontenttype"].contains(name) {
      leniencies.insert(.emptyAttribute)
      return try set(name, nil)
    }
    let string = text.bytes.span.string
    if string == "True" || string == "False" { leniencies.insert(.capitalBoolean) }
    try set(name, .string(string))
  }
}

extension ByteWriter {
  /// Appends the text of an attribute's header (HTTP Protocol Binding 1.0.2 §3.1.3.2): a quoted string is
  /// unquoted, then one round of percent-decoding. The result need not be UTF-8.
  mutating func append(headerValue value: Span<UInt8>) -> Leniencies {
    var leniencies: Leniencies = []
    var plain = ByteWriter(capacity: value.count)
    if !plain.append(unquoting: value) {
      plain.removeAll()
      plain.append(value)
      if plain.bytes.contains(0x20) { leniencies.insert(.rawSpace) }
    }
    if plain.bytes.contains(where: { $0 >= 0x80 }) { leniencies.insert(.rawUTF8) }
    if plain.hasBarePercent { leniencies.insert(.barePercent) }
    append(percentDecoding: plain.bytes.span, 0..<plain.count)
    return leniencies
  }

  /// Appends the text inside a quoted string (RFC 9110 §5.6.4); false if `text` is not one.
  private mutating func append(unquoting text: Span<UInt8>) -> Bool {
    let quote = UInt8(ascii: "\"")
    guard text.count >= 2, text[0] == quote, text[text.count &- 1] == quote else { return false }
    let end = text.count &- 1
    var at = 1
    while at < end {
      if text[at] == quote { return false }
      if text[at] == UInt8(ascii: "\\") {
        at &+= 1
        guard at < end else { return false }
      }
      append(text[at])
      at &+= 1
    }
    return true
  }

  private var hasBarePercent: Bool {
    let bytes = bytes.span
    for at in bytes.indices where bytes[at] == UInt8(ascii: "%") {
      guard at &+ 2 < bytes.count, bytes[at &+ 1].hexDigit != nil, bytes[at &+ 2].hexDigit != nil
      else { return true }
    }
    return false
  }
}
