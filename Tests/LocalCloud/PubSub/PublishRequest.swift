// SPDX-License-Identifier: MIT
import Foundation
import HTTPServer

/// The body of `topics.publish`, held against its documented limits.
struct PublishRequest {
  static let maximumMessages = 1_000
  static let maximumBytes = 10_000_000
  /// Base64 and JSON make more of ten megabytes of data.
  static let maximumBodyBytes = 16_000_000

  var messages: [Message] = []

  init(body: [UInt8]) throws(GoogleError) {
    guard body.count <= Self.maximumBodyBytes else { throw Self.tooLarge }
    let object = try APIRequest("POST", "", body: body).object()
    for name in object.names where name != "messages" {
      throw .badRequest(
        "Invalid JSON payload received. Unknown name \"\(name)\": Cannot find field.")
    }
    let items = object["messages"]?.array ?? []
    guard !items.isEmpty else {
      throw .badRequest(
        "The value for message_count is too small. You passed 0 in the request, but the minimum "
          + "value is 1.")
    }
    guard items.count <= Self.maximumMessages else {
      throw .badRequest(
        "The value for message_count is too large. You passed \(items.count) in the request, but "
          + "the maximum value is \(Self.maximumMessages).")
    }
    var size = 0
    for (index, item) in items.enumerated() {
      messages.append(try Self.message(item, at: "messages[\(index)]", size: &size))
      guard size <= Self.maximumBytes else { throw Self.tooLarge }
    }
    let keys = Set(messages.map(\.orderingKey))
    guard keys.count == 1 else {
      throw .badRequest("All messages of a request must have the same ordering key.")
    }
  }

  private static let tooLarge = GoogleError.badRequest(
    "Request payload size exceeds the limit: \(maximumBytes) bytes.")

  private static func message(_ json: JSON, at place: String, size: inout Int)
    throws(GoogleError) -> Message
  {
    guard let members = json.members else {
      throw .badRequest("Invalid value at '\(place)', \(json.text.prefix(100))")
    }
    for name in members.names where !["data", "attributes", "orderingKey"].contains(name) {
      throw .badRequest(
        "Invalid JSON payload received. Unknown name \"\(name)\" at '\(place)': Cannot find field.")
    }
    let data = try base64(members["data"] ?? "", at: place)
    let attributes = try attributes(members["attributes"] ?? [:], at: place)
    let key = members["orderingKey"]?.string ?? ""
    if data.isEmpty && attributes.isEmpty {
      throw .badRequest(
        "One or more messages in the publish request is empty. Each message must contain either "
          + "non-empty data, or at least one attribute.")
    }
    if key.utf8.count > 1_024 { throw .badRequest("The ordering key is longer than 1024 bytes.") }
    size += data.count
    for (name, value) in attributes { size += name.utf8.count + value.utf8.count }
    return Message(
      attributes: attributes, data: data.base64EncodedString(), orderingKey: key)
  }

  /// Takes the URL-safe alphabet too, as Google's JSON does.
  private static func base64(_ json: JSON, at place: String) throws(GoogleError) -> Data {
    let text = (json.string ?? "!").replacing("-", with: "+").replacing("_", with: "/")
    guard let data = Data(base64Encoded: text) else {
      throw .badRequest(
        "Invalid value at '\(place).data' (TYPE_BYTES), Base64 decoding failed for "
          + json.text.prefix(100))
    }
    return data
  }

  private static func attributes(_ json: JSON, at place: String) throws(GoogleError)
    -> [String: String]
  {
    guard let members = json.members, members.values.allSatisfy({ $0.string != nil }) else {
      throw .badRequest("Invalid value at '\(place).attributes', \(json.text.prefix(100))")
    }
    guard members.names.count <= 100 else {
      throw .badRequest("A message may have at most 100 attributes.")
    }
    for (name, value) in members {
      guard (1...256).contains(name.utf8.count), !name.hasPrefix("goog") else {
        throw .badRequest(
          "The request contains an attribute key that is not valid (key=\(name)).")
      }
      guard (value.string ?? "").utf8.count <= 1_024 else {
        throw .badRequest(
          "The request contains an attribute value that is not valid (key=\(name)). Attribute "
            + "values must be at most 1024 bytes.")
      }
    }
    return Message.attributes(members)
  }
}
