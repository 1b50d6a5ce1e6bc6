// SPDX-License-Identifier: MIT
import Bytes

/// The methods that anything here tells apart (RFC 9110 §9); the rest are `other`.
public enum Method: String, Sendable {
  case get = "GET"
  case head = "HEAD"
  case post = "POST"
  case put = "PUT"
  case patch = "PATCH"
  case delete = "DELETE"
  case options = "OPTIONS"
  case other = "OTHER"

  /// The same as `rawValue` without a `String` made of it.
  public var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .patch: "PATCH"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .other: "OTHER"
    }
  }
}

/// A parsed request head: ranges into the connection's buffer and the facts that the framing needs.
struct RequestHead {
  var method = Method.other
  /// As sent, with the query.
  var target = 0..<0
  /// The path in the target.
  var path = 0..<0
  var fields: [HeaderField] = []
  /// Offset of the first byte behind the head.
  var end = 0
  /// Nil without a body or with a chunked one.
  var contentLength: Int?
  var isChunked = false
  var isVersion10 = false
  var hasHost = false
  var asksToClose = false
  var asksToKeep = false
  var expectsContinue = false

  /// Whether another request may follow (RFC 9112 §9.3).
  var keepAlive: Bool { !asksToClose && (!isVersion10 || asksToKeep) }

  /// Most requests have no more.
  static let usualFields = 24

  init() { fields.reserveCapacity(Self.usualFields) }

  /// Without memory of its own, to stand in for one that is being worked on.
  init(standIn: Void) {}

  mutating func reset() {
    method = .other
    target = 0..<0
    path = 0..<0
    fields.removeAll(keepingCapacity: true)
    contentLength = nil
    isChunked = false
    isVersion10 = false
    hasHost = false
    asksToClose = false
    asksToKeep = false
    expectsContinue = false
  }
}

/// Why a head was refused, each with the one status it is answered with. The connection closes after any of
/// them, since the beginning of the next request is unknown.
enum HeadError: Int, Error {
  case badRequest = 400
  case targetTooLong = 414
  case expectationFailed = 417
  case headTooLarge = 431
  case notImplemented = 501
  case versionNotSupported = 505
}
