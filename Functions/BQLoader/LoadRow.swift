// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import EventLoop
import FunctionRuntime
import PixelModel

/// One pushed row that waits to be in BigQuery. Its JSON stays in the message's buffer.
struct LoadRow {
  let delivery: Delivery
  let eventID: EventID
  let time: Timestamp?

  var eventIDText: String {
    let message = delivery.message
    return message.buffer.withSpan {
      eventID.withText(in: $0.extracting(message.data)) { $0.string }
    }
  }
}

extension LoadBatch where Row == LoadRow {
  /// When the first of its pushes has to be answered.
  var deadline: Instant? {
    var earliest: Instant?
    for row in rows { earliest = min(earliest ?? .distantFuture, row.delivery.deadline) }
    return earliest
  }
}

/// The id by which a row is recognised. Mostly it is a range of the row itself and needs no text of its own.
enum EventID {
  /// In the row's JSON, without escapes.
  case inRow(Range<Int>)
  case text(String)

  /// The longest `insertId`, in bytes.
  static let longest = 128

  /// The column's value, else the message's attribute; nil if there is neither, or none that can be an id.
  init?(_ column: JSONValue?, in row: Span<UInt8>, or message: PubSubMessage) {
    if let string = column?.string, !string.range.isEmpty {
      self = string.hasEscapes ? .text(string.string(in: row)) : .inRow(string.range)
    } else if let attribute = message.attribute("event_id"), !attribute.isEmpty {
      self = .text(attribute)
    } else {
      return nil
    }
    guard byteCount <= Self.longest else { return nil }
  }

  var byteCount: Int {
    switch self {
    case .inRow(let range): range.count
    case .text(let text): text.utf8.count
    }
  }

  func withText<R>(in row: Span<UInt8>, _ body: (Span<UInt8>) -> R) -> R {
    switch self {
    case .inRow(let range): return body(row.extracting(range))
    case .text(let text): return body(text.utf8.span)
    }
  }
}
