// SPDX-License-Identifier: MIT
import Foundation

/// A message as the broker keeps it.
struct Message: Sendable, Equatable {
  typealias ID = Int64

  var id: ID
  /// The full name, `projects/P/topics/T`.
  var topic: String
  /// RFC 3339 with milliseconds, as Pub/Sub shows it.
  var publishTime: String
  var attributes: [String: String]
  /// Base64, as it came and as it goes out.
  var data: String
  var orderingKey: String

  /// The data itself.
  var payload: [UInt8] { Data(base64Encoded: data).map { Array($0) } ?? [] }

  var json: JSON {
    var members = JSON.Members([
      ("id", .string(String(id))), ("topic", .string(topic)),
      ("publishTime", .string(publishTime)), ("attributes", attributesJSON),
      ("data", .string(data)),
    ])
    if !orderingKey.isEmpty { members["orderingKey"] = .string(orderingKey) }
    return .object(members)
  }

  var attributesJSON: JSON {
    .object(JSON.Members(attributes.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
  }

  init(
    id: ID = 0, topic: String = "", publishTime: String = "", attributes: [String: String] = [:],
    data: String = "", orderingKey: String = ""
  ) {
    (self.id, self.topic, self.publishTime) = (id, topic, publishTime)
    (self.attributes, self.data, self.orderingKey) = (attributes, data, orderingKey)
  }

  init(payload: [UInt8], attributes: [String: String]) {
    self.init(attributes: attributes, data: Data(payload).base64EncodedString())
  }

  /// Reads what `json` wrote.
  init?(json: JSON) {
    guard let id = json["id"]?.integer, let topic = json["topic"]?.string,
      let data = json["data"]?.string
    else { return nil }
    self.init(
      id: ID(id), topic: topic, publishTime: json["publishTime"]?.string ?? "",
      attributes: Self.attributes(json["attributes"]?.members ?? JSON.Members()), data: data,
      orderingKey: json["orderingKey"]?.string ?? "")
  }

  static func attributes(_ members: JSON.Members) -> [String: String] {
    Dictionary(members.map { ($0.0, $0.1.string ?? "") }, uniquingKeysWith: { $1 })
  }
}
