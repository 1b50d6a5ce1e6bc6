// SPDX-License-Identifier: MIT
import Bytes
import Envelopes

/// A request as it lies in a connection's buffer: header fields, then the body.
struct SentRequest {
  let buffer = Buffer()
  private(set) var fields: [HeaderField] = []
  let body: Range<Int>

  init(_ headers: [(String, [UInt8])] = [], body: [UInt8]) {
    for (name, value) in headers {
      let start = buffer.count
      buffer.append(Array(name.utf8).span)
      let end = buffer.count
      buffer.append(Array(": ".utf8).span)
      let first = buffer.count
      buffer.append(value.span)
      fields.append(HeaderField(name: start..<end, value: first..<buffer.count))
      buffer.append(Array("\r\n".utf8).span)
    }
    let start = buffer.count
    buffer.append(body.span)
    self.body = start..<buffer.count
    buffer.append(Array("POST / HTTP/1.1".utf8).span)
  }

  init(_ headers: [(String, String)] = [], body: String) {
    self.init(headers.map { ($0, Array($1.utf8)) }, body: Array(body.utf8))
  }

  func binary() throws(EnvelopeError) -> CloudEvent {
    try .decodeBinary(in: buffer, fields: fields, body: body)
  }

  func json() throws(EnvelopeError) -> CloudEvent { try .decodeJSON(in: buffer, body: body) }
  func batch() throws(EnvelopeError) -> [CloudEvent] {
    try CloudEvent.decodeJSONBatch(in: buffer, body: body)
  }
  func unwrapped() -> PubSubMessage { .unwrapped(in: buffer, fields: fields, body: body) }
  var head: PushHead { buffer.withSpan { PushHead(fields, in: $0) } }
}

extension CloudEvent {
  var dataText: String? { withData { $0.string } }
}

extension PubSubMessage {
  var dataText: String { buffer.withSpan { $0.string(data) } }
  var allAttributes: [String: String] {
    var all: [String: String] = [:]
    forEachAttribute { all[$0.string] = $1.string }
    return all
  }
}
