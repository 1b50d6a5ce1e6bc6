// SPDX-License-Identifier: MIT

/// The log sink: one message per log entry, with the entry's timestamp as the only attribute.
package struct LogSink {
  let broker: PubSubBroker
  let topic: String

  static let attribute = "logging.googleapis.com/timestamp"

  /// Publishes entries as they are, even those that are not JSON: what cannot be read has to be
  /// dealt with further down.
  func write(_ entries: [[UInt8]], at moment: Moment) throws(GoogleError) -> [Message.ID] {
    let messages = entries.map { entry in
      let timestamp = (try? JSON.parse(entry))?["timestamp"]?.string ?? moment.timestamp
      return Message(payload: entry, attributes: [Self.attribute: timestamp])
    }
    return try broker.publish(messages, to: topic, at: moment)
  }

  /// The lines of newline-delimited JSON; empty ones are none.
  package static func lines(_ body: [UInt8]) -> [[UInt8]] {
    body.split(separator: 0x0A).compactMap { line in
      let line = line.last == 0x0D ? line.dropLast() : line
      return line.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? nil : Array(line)
    }
  }
}
