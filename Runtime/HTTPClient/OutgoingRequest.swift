// SPDX-License-Identifier: MIT

/// A request to another service.
public struct OutgoingRequest: Sendable {
  public var method: String
  /// Absolute, `http` or `https`.
  public var url: String
  /// Fields as `Name: value`, without line breaks.
  public var headers: [String]
  public var body: [UInt8]
  /// From the start to the last byte of the answer.
  public var timeout: Duration
  public var connectTimeout: Duration
  /// The most bytes that the answer's body may have.
  public var maxAnswer: Int

  public init(
    method: String = "GET", url: String, headers: [String] = [], body: [UInt8] = [],
    timeout: Duration = .seconds(30), connectTimeout: Duration = .seconds(5),
    maxAnswer: Int = 32 * 1024 * 1024
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.connectTimeout = connectTimeout
    self.maxAnswer = maxAnswer
  }

  /// The same with what is left of its times.
  func after(_ waited: Duration) -> OutgoingRequest {
    var rest = self
    rest.timeout = max(timeout - waited, .milliseconds(1))
    rest.connectTimeout = max(connectTimeout - waited, .milliseconds(1))
    return rest
  }
}

/// The answer of another service.
public struct IncomingResponse: Sendable {
  public let status: Int
  /// Status line and fields as they came.
  public let head: [UInt8]
  public let body: [UInt8]

  public init(status: Int, head: [UInt8], body: [UInt8]) {
    self.status = status
    self.head = head
    self.body = body
  }

  /// The value of the first field with this name, in any case.
  public func header(_ name: String) -> String? {
    for line in String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline).dropFirst()
    {
      guard let colon = line.firstIndex(of: ":") else { continue }
      if line[..<colon].lowercased() == name.lowercased() {
        return String(line[line.index(after: colon)...]).trimmed
      }
    }
    return nil
  }
}

extension String {
  fileprivate var trimmed: String {
    let start = drop { $0 == " " || $0 == "\t" }
    guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return String(start[...last])
  }
}

/// There is no answer, and no knowing whether the request had an effect.
public struct TransportError: Error, CustomStringConvertible, Sendable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
