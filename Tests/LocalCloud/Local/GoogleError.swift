// SPDX-License-Identifier: MIT
import HTTPServer

/// An error answer of a Google REST API: status, and the JSON body that explains it.
public struct GoogleError: Error, Equatable, Sendable {
  public var status: Int
  /// The canonical code, e.g. `NOT_FOUND`.
  public var code: String
  /// BigQuery's own word for the cause, e.g. `notFound`; Pub/Sub has none.
  public var reason: String?
  public var message: String

  public init(_ status: Int, _ code: String, reason: String? = nil, _ message: String) {
    (self.status, self.code, self.reason, self.message) = (status, code, reason, message)
  }

  static func invalid(_ message: String) -> GoogleError {
    GoogleError(400, "INVALID_ARGUMENT", reason: "invalid", message)
  }

  static func badRequest(_ message: String) -> GoogleError {
    GoogleError(400, "INVALID_ARGUMENT", reason: "badRequest", message)
  }

  static func forbidden(_ message: String) -> GoogleError {
    GoogleError(403, "PERMISSION_DENIED", reason: "accessDenied", message)
  }

  static func notFound(_ message: String) -> GoogleError {
    GoogleError(404, "NOT_FOUND", reason: "notFound", message)
  }

  static func duplicate(_ message: String) -> GoogleError {
    GoogleError(409, "ALREADY_EXISTS", reason: "duplicate", message)
  }

  static func unimplemented(_ message: String) -> GoogleError {
    GoogleError(501, "UNIMPLEMENTED", reason: "notImplemented", message)
  }

  static func internalError(_ message: String) -> GoogleError {
    GoogleError(500, "INTERNAL", reason: "internalError", message)
  }

  static let unavailable = GoogleError(
    503, "UNAVAILABLE", reason: "backendError",
    "The service is currently unavailable (a fault that was asked for).")

  static let tooMany = GoogleError(
    429, "RESOURCE_EXHAUSTED", reason: "rateLimitExceeded", "Too many requests (a fault).")

  static let overQuota = GoogleError(
    403, "PERMISSION_DENIED", reason: "rateLimitExceeded",
    "Exceeded rate limits: too many requests (a fault).")

  static let unauthenticated = GoogleError(
    401, "UNAUTHENTICATED", reason: "authError",
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
      + "or other valid authentication credential.")

  public var body: JSON {
    var error: JSON.Members = JSON.Members([
      ("code", JSON(status)), ("message", .string(message)), ("status", .string(code)),
    ])
    if let reason {
      let one: JSON = [
        "message": .string(message), "domain": "global", "reason": .string(reason),
      ]
      error["errors"] = [one]
    }
    return ["error": .object(error)]
  }
}
