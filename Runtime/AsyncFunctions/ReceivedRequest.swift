// SPDX-License-Identifier: MIT
import FunctionRuntime
import HTTPServer

/// A copy of an HTTP request that may leave its loop's thread.
public struct ReceivedRequest: Sendable {
  /// `GET`, `POST` …, as sent.
  public let method: String
  /// The target up to the query, as sent: still percent-encoded.
  public let path: String
  /// The part of the target behind the first `?`, as sent.
  public let query: String?
  /// Names in lower case, in the order they came.
  public let headers: [(name: String, value: String)]
  /// The body, without any transfer coding.
  public let body: [UInt8]

  init(_ request: Request) {
    method = request.method.rawValue
    path = request.path
    query = request.query
    let buffer = request.bodyInPlace.buffer
    let fields = request.fieldsInPlace
    headers = buffer.withSpan { bytes in
      fields.map { (bytes.string($0.name).lowercased(), bytes.string($0.value)) }
    }
    body = request.body
  }

  /// The value of the first header called `name`, in any letter case.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name == wanted }?.value
  }

  /// The body as text; bad UTF-8 is repaired.
  public var text: String { String(decoding: body, as: UTF8.self) }
}
