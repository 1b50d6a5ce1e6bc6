// SPDX-License-Identifier: MIT
import Bytes

/// Gathers the attributes of one event, and holds them to the rules when all are there (CloudEvents 1.0.2,
/// "Context Attributes").
struct EventAttributes {
  /// Our own bound; the text has none. HTTP heads have fewer fields anyway.
  static let maximumCount = 1024

  private var values: [String: CloudEvent.Value?] = [:]
  var leniencies: Leniencies = []

  /// Takes one attribute; nil is one that was sent as unset.
  mutating func set(_ name: String, _ value: CloudEvent.Value?) throws(EnvelopeError) {
    guard values.count < Self.maximumCount else {
      throw .malformedCloudEvent("it has more than \(Self.maximumCount) attributes")
    }
    guard values.updateValue(value, forKey: name) == nil else {
      throw .malformedCloudEvent("an attribute comes twice")
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }

  /// The media type so far, which decides how JSON data is read.
  var dataContentType: String? { (values["datacontenttype"] ?? nil)?.text }

  /// The event, if the attributes are those of one.
  consuming func event(in buffer: Buffer, data: Range<Int>?) throws(EnvelopeError) -> CloudEvent {
    let missing = ["id", "source", "specversion", "type"].filter { (values[$0] ?? nil) == nil }
    guard missing.isEmpty else { throw .missing(missing) }
    guard try take("specversion") == "1.0" else {
      throw .malformedCloudEvent("specversion is not 1.0")
    }
    let source = try take("source")
    let schema = try take("dataschema")
    guard let id = try take("id"), let source, let type = try take("type") else {
      throw .malformedCloudEvent("a required attribute is missing")
    }
    guard EventText.isURIReference(source) else {
      throw .malformedCloudEvent("source is not a URI reference")
    }
    guard schema.map(EventText.isAbsoluteURI) ?? true else {
      throw .malformedCloudEvent("dataschema is not an absolute URI")
    }
    var time: Timestamp?
    if let text = try take("time") {
      time = EventText.time(text)
      guard time != nil else { throw .malformedCloudEvent("time is not of RFC 3339") }
    }
    return CloudEvent(
      id: id, source: source, type: type, subject: try take("subject"), time: time,
      dataContentType: try take("datacontenttype"), dataSchema: schema,
      extensions: try rest(), buffer: buffer, data: data, leniencies: leniencies)
  }

  /// Takes one of the attributes that are text and not empty.
  private mutating func take(_ name: String) throws(EnvelopeError) -> String? {
    guard let value = values.removeValue(forKey: name) ?? nil else { return nil }
    guard case .string(let text) = value else {
      throw .malformedCloudEvent("\(name) is not a string")
    }
    guard !text.isEmpty else { throw .malformedCloudEvent("\(name) is empty") }
    guard EventText.isAllowed(text) else {
      throw .malformedCloudEvent("\(name) has characters that no attribute may have")
    }
    return text
  }

  private func rest() throws(EnvelopeError) -> [String: CloudEvent.Value] {
    let extensions = values.compactMapValues { $0 }
    for case .string(let text) in extensions.values where !EventText.isAllowed(text) {
      throw .malformedCloudEvent("an extension has characters that no attribute may have")
    }
    return extensions
  }
}
