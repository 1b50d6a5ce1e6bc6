// SPDX-License-Identifier: MIT
import Bytes
import EventLoop

/// Messages on their way in one publish request: its JSON under construction, and the callers that wait for
/// it.
struct PublishBatch {
  /// Limits of one publish request: 1,000 messages, 10,000,000 bytes of data and attributes.
  static let maxMessages = 1000
  static let maxBytes = 9_500_000

  typealias Completion = (Result<Void, CloudError>) -> Void

  private(set) var completions: [Completion] = []
  private(set) var dataBytes = 0
  let deadline: Instant
  let begun: Instant
  /// How many requests with these messages have failed.
  var failures = 0
  private var body: ByteWriter
  /// Where each message's JSON begins and ends in `body`.
  private var messages: [Range<Int>] = []
  private var isClosed = false

  /// - Parameter capacity: How many bytes the request will have, if that can be guessed.
  init(begun: Instant, deadline: Instant, capacity: Int = 4096) {
    self.begun = begun
    self.deadline = deadline
    body = ByteWriter(capacity: capacity)
    body.append("{\"messages\":[")
  }

  var count: Int { messages.count }

  func hasRoom(for bytes: Int) -> Bool {
    count < Self.maxMessages && dataBytes + bytes <= Self.maxBytes
  }

  mutating func add(
    data: Span<UInt8>, attributes: [(name: StaticString, value: String)], bytes: Int,
    _ completion: @escaping Completion
  ) {
    if count > 0 { body.append(UInt8(ascii: ",")) }
    let start = body.count
    body.append("{\"data\":\"")
    body.append(base64: data)
    body.append("\",\"attributes\":{")
    var separator = ""
    for (name, value) in attributes {
      body.append(separator)
      separator = ","
      body.append(UInt8(ascii: "\""))
      body.append(name)
      body.append("\":")
      body.append(json: value)
    }
    body.append("}}")
    messages.append(start..<body.count)
    completions.append(completion)
    dataBytes += bytes
  }

  /// Ends the request's body; no message is added any more.
  mutating func close() {
    guard !isClosed else { return }
    isClosed = true
    body.append("]}")
  }

  /// The whole request body; without a copy once it is closed.
  var request: [UInt8] { isClosed ? body.bytes : body.bytes + Array("]}".utf8) }

  var requestBytes: Int { body.count }

  /// Two batches of half the messages each; the service refused them together.
  func halves() -> (PublishBatch, PublishBatch) {
    let middle = count / 2
    return (part(0..<middle), part(middle..<count))
  }

  private func part(_ range: Range<Int>) -> PublishBatch {
    var part = PublishBatch(begun: begun, deadline: deadline)
    for index in range {
      if part.count > 0 { part.body.append(UInt8(ascii: ",")) }
      let start = part.body.count
      part.body.append(body.bytes.span, messages[index])
      part.messages.append(start..<part.body.count)
      part.completions.append(completions[index])
    }
    return part
  }
}
