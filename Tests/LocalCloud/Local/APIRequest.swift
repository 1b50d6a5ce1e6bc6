// SPDX-License-Identifier: MIT
import Foundation

/// One HTTP request, free of the server that received it, so that each service is a function.
public struct APIRequest: Sendable {
  public var method: String
  /// The path as it came, still percent-encoded.
  public var path: String
  public var query: String?
  /// By lower-case name.
  public var headers: [String: String]
  public var body: [UInt8]
  public var remoteAddress: String

  public init(
    _ method: String, _ path: String, query: String? = nil, headers: [String: String] = [:],
    body: [UInt8] = [], remoteAddress: String = "127.0.0.1"
  ) {
    (self.method, self.path, self.query) = (method, path, query)
    (self.headers, self.body, self.remoteAddress) = (headers, body, remoteAddress)
  }

  /// The path's segments, each decoded.
  var segments: [String] {
    path.split(separator: "/", omittingEmptySubsequences: true)
      .map { $0.removingPercentEncoding ?? String($0) }
  }

  /// The query's parameters in order, decoded; `+` is a space.
  var parameters: [(name: String, value: String)] {
    (query ?? "").split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      func decoded(_ part: Substring) -> String {
        let spaced = part.replacing("+", with: " ")
        return spaced.removingPercentEncoding ?? String(spaced)
      }
      return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
    }
  }

  func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

  /// The body as a JSON object; a missing body is an empty one.
  func object() throws(GoogleError) -> JSON.Members {
    if body.isEmpty { return JSON.Members() }
    do {
      if let members = try JSON.parse(body).members { return members }
    } catch {
      throw .badRequest(
        "Invalid JSON payload received. \(error.problem) at byte \(error.offset).")
    }
    throw .badRequest("Invalid JSON payload received. The root is not an object.")
  }
}

/// What a service answers.
public struct APIResponse: Sendable {
  public var status: Int
  public var contentType: String
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]

  public init(
    _ status: Int, contentType: String, headers: [(name: String, value: String)] = [],
    body: [UInt8]
  ) {
    (self.status, self.contentType, self.headers, self.body) = (status, contentType, headers, body)
  }

  public static func json(_ value: JSON, status: Int = 200) -> APIResponse {
    APIResponse(status, contentType: "application/json; charset=UTF-8", body: value.bytes)
  }

  public static func error(_ error: GoogleError) -> APIResponse {
    .json(error.body, status: error.status)
  }

  public static func text(_ text: String, status: Int = 200) -> APIResponse {
    APIResponse(status, contentType: "text/plain; charset=UTF-8", body: Array(text.utf8))
  }
}
