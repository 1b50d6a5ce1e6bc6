// SPDX-License-Identifier: MIT
import Foundation

/// A case of a file in the format of `cloudevents-cases.json`: a request, and what has to come of it.
public struct Case: @unchecked Sendable {
  public enum Level: String, CaseIterable, Sendable { case must, should, choice }

  public let name: String
  /// Which kind of function and sender it is about; also the group that it is reported in.
  public let kind: String
  public let level: Level
  /// The whole request, as it goes over the wire.
  let request: [UInt8]
  let isHead: Bool
  /// What JSON says under `expect`.
  let expect: [String: Any]

  /// A request is given by its parts, or recorded in a file whose path is relative to the case file.
  init(_ json: [String: Any], in folder: URL) throws {
    guard let name = json["name"] as? String, let kind = json["kind"] as? String,
      let level = (json["level"] as? String).flatMap(Level.init),
      let expect = json["expect"] as? [String: Any]
    else { throw CaseError(description: "a case has no name, kind, level or expect: \(json)") }
    self.name = name
    self.kind = kind
    self.level = level
    self.expect = expect
    let method = json["method"] as? String
    isHead = method == "HEAD"
    if let file = json["request_file"] as? String {
      request = Array(try Data(contentsOf: folder.appendingPathComponent(file)))
      return
    }
    guard let method, let path = json["path"] as? String,
      let headers = json["headers"] as? [[String]],
      let body = (json["body_base64"] as? String).flatMap({ Data(base64Encoded: $0) })
    else { throw CaseError(description: "\(name) has no request") }
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for header in headers where header.count == 2 { head += "\(header[0]): \(header[1])\r\n" }
    head += "Content-Length: \(body.count)\r\n\r\n"
    request = Array(head.utf8) + Array(body)
  }

  public static func read(_ file: URL) throws -> [Case] {
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    guard let object = json as? [String: Any], let cases = object["cases"] as? [[String: Any]]
    else {
      throw CaseError(description: "\(file.path) has no cases")
    }
    return try cases.map { try Case($0, in: file.deletingLastPathComponent()) }
  }
}

public struct CaseError: Error, CustomStringConvertible {
  public let description: String
  public init(description: String) { self.description = description }
}

extension Case {
  /// Which functions the request goes to: those that the case expects something of, else those of its kind.
  var echoes: [Echo.Takes] {
    var echoes: [Echo.Takes] = []
    if expect["event"] != nil || expect["events"] != nil { echoes.append(.events) }
    if let message = expect["pubsub"] as? [String: Any] {
      echoes.append(message["message_id"] is NSNull ? .rawBodies : .messages)
    }
    if !echoes.isEmpty { return echoes }
    if kind == "http" { return [.events, .messages] }
    return kind.hasPrefix("pubsub") || kind == "eventarc" ? [.messages] : [.events]
  }
}
