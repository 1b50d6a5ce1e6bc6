// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import Glibc

/// `{"received":"event","attributes":{…},"data":"base64"}`
func writeLine(_ event: CloudEvent) {
  var attributes = [
    "specversion": "1.0", "id": event.id, "source": event.source, "type": event.type,
  ]
  attributes["subject"] = event.subject
  attributes["time"] = event.time?.description
  attributes["datacontenttype"] = event.dataContentType
  attributes["dataschema"] = event.dataSchema
  for (name, value) in event.extensions { attributes[name] = value.text }
  var line = ByteWriter()
  line.append("{\"received\":\"event\",\"attributes\":")
  line.append(object: attributes)
  event.withData { line.append(data: $0) }
  line.append("}")
  write(line)
}

/// `{"received":"message","attributes":{…},"message_id":"…",…,"data":"base64"}`
func writeLine(_ message: PubSubMessage) {
  var attributes: [String: String] = [:]
  message.forEachAttribute { attributes[$0.string] = $1.string }
  var facts = ["message_id": message.messageID]
  facts["subscription"] = message.subscription
  facts["topic"] = message.topic
  facts["ordering_key"] = message.orderingKey
  facts["publish_time"] = message.publishTime?.description
  facts["delivery_attempt"] = message.deliveryAttempt.map { "\($0)" }
  var line = ByteWriter()
  line.append("{\"received\":\"message\",\"attributes\":")
  line.append(object: attributes)
  line.append(",\"facts\":")
  line.append(object: facts)
  message.buffer.withSpan { line.append(data: $0.extracting(message.data)) }
  line.append("}")
  write(line)
}

extension ByteWriter {
  fileprivate mutating func append(data: Span<UInt8>) {
    append(",\"data\":\"")
    append(base64: data)
    append("\"")
  }

  fileprivate mutating func append(object: [String: String]) {
    var separator = "{"
    for (name, value) in object {
      append(separator)
      append(json: name)
      append(":")
      append(json: value)
      separator = ","
    }
    append(object.isEmpty ? "{}" : "}")
  }
}

private func write(_ line: ByteWriter) {
  print(line.bytes.span.string)
  _ = fflush(nil)  // a pipe would keep it until it is full
}
