// SPDX-License-Identifier: MIT
import Bytes

/// An answer, made ready once and sent as often as needed: everything but `Date` and `Connection`,
/// which the connection adds.
public struct Response: Sendable {
  public let status: Int
  /// Status line and fields, each with its CRLF, without the empty line.
  let head: [UInt8]
  public let body: [UInt8]

  /// - Parameters:
  ///   - status: 200 to 599. 204 and 304 carry no body.
  ///   - headers: Names and values without control characters; `Content-Length` is added.
  ///   - body: What follows the fields.
  public init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
    var writer = ByteWriter(capacity: 128)
    writer.append("HTTP/1.1 ")
    writer.append("\(status) \(Self.phrase(status))\r\n")
    for (name, value) in headers {
      writer.append("\(name): \(Self.clean(value))\r\n")
    }
    let bodyless = status == 204 || status == 304
    if !bodyless { writer.append("Content-Length: \(body.count)\r\n") }
    self.status = status
    self.head = writer.bytes
    self.body = bodyless ? [] : body
  }

  /// A short text.
  public init(status: Int, text: String, headers: [(String, String)] = []) {
    self.init(
      status: status, headers: [("Content-Type", "text/plain; charset=utf-8")] + headers,
      body: Array("\(text)\n".utf8))
  }

  /// A value can't start a new field: CR, LF and NUL become spaces.
  private static func clean(_ value: String) -> String {
    guard value.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) else { return value }
    return String(
      decoding: value.utf8.map { [0x0A, 0x0D, 0].contains($0) ? 0x20 : $0 }, as: UTF8.self)
  }

  private static func phrase(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: "Status"
    }
  }
}
