// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient

/// BigQuery's REST API, as little of it as the tool needs: the one place that knows where it is.
public struct BigQuery: Sendable {
  public static let google = "https://bigquery.googleapis.com"
  /// Five more tries take about a minute.
  private static let tries = 6

  let project: String
  let dataset: String
  private let endpoint: String
  private let token: AccessToken
  private let web: WebClient
  private let firstDelay: Double

  /// - Parameters:
  ///   - endpoint: Google's, or that of a stand-in on this machine.
  ///   - firstDelay: Most seconds until the second try; each further wait is twice as long.
  public init(
    project: String, dataset: String, endpoint: String = google, web: WebClient,
    firstDelay: Double = 1
  ) throws {
    let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    guard base.hasPrefix("https://") || AccessToken.isLocal(base) else {
      throw Failure(
        "--endpoint is '\(endpoint)': allowed is an https URL, or http to a loopback address.")
    }
    // Both stand in SQL between backticks.
    for (option, name, extra) in [("project", project, "-.:"), ("dataset", dataset, "")] {
      let isPlain = name.unicodeScalars.allSatisfy {
        $0 == "_" || extra.unicodeScalars.contains($0)
          || ($0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil))
      }
      guard isPlain, !name.isEmpty else {
        throw Failure("--\(option) is '\(name)': allowed are letters, digits and _\(extra).")
      }
    }
    (self.project, self.dataset, self.web) = (project, dataset, web)
    self.firstDelay = firstDelay
    self.endpoint = base
    token = AccessToken(endpoint: base, web: web)
  }

  /// The answer to a call with a path below the project; nil for 404.
  func find(_ path: String, query: [String: String] = [:]) async throws -> JSON? {
    do {
      return try await call("GET", path, query: query)
    } catch let error as APIError where error.status == 404 {
      return nil
    }
  }

  func call(
    _ method: String, _ path: String, query: [String: String] = [:], body: JSON? = nil
  ) async throws -> JSON {
    var delay = firstDelay
    for attempt in 1... {
      let bearer = try await token.value()
      let error: any Error
      do {
        return try await send(method, path, query, body, bearer)
      } catch let refusal as APIError {
        guard refusal.mayPass || refusal.status == 401, attempt < Self.tries else { throw refusal }
        if refusal.status == 401 {
          guard attempt == 1 else { throw refusal }
          await token.forget(bearer)
          continue
        }
        error = refusal
      } catch let problem as TransportError {
        error = Failure("\(endpoint) does not answer: \(problem)")
      }
      guard attempt < Self.tries else { throw error }
      try await Task.sleep(for: .seconds(Double.random(in: 0...delay)))
      delay = min(delay * 2, 32)
    }
    preconditionFailure("the loop ends by return or throw")
  }

  private func send(
    _ method: String, _ path: String, _ query: [String: String], _ body: JSON?, _ bearer: String?
  ) async throws -> JSON {
    var url = "\(endpoint)/bigquery/v2/projects/\(Self.escaped(project))\(path)"
    if !query.isEmpty {
      url += "?"
      url += query.sorted { $0.key < $1.key }
        .map { "\($0.key)=\(Self.escaped($0.value))" }.joined(separator: "&")
    }
    var headers = ["Accept: application/json"]
    if let bearer { headers.append("Authorization: Bearer \(bearer)") }
    if body != nil { headers.append("Content-Type: application/json") }
    let request = OutgoingRequest(
      method: method, url: url, headers: headers, body: try body?.bytes ?? [],
      timeout: .seconds(120))
    let answer = try await web.send(request)
    guard (200..<300).contains(answer.status) else { throw APIError(answer, "\(method) \(path)") }
    return answer.body.isEmpty ? [:] : try JSON(answer.body)
  }

  static func escaped(_ name: String) -> String {
    name.addingPercentEncoding(
      withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~"))) ?? name
  }
}

/// A call that BigQuery refused.
struct APIError: Error, CustomStringConvertible {
  let status: Int
  let reason: String?
  let message: String
  private let call: String

  init(_ answer: IncomingResponse, _ call: String) {
    let error = (try? JSON(answer.body))?["error"]
    status = answer.status
    reason = error?["errors"]?.array?.first?["reason"]?.string
    message = error?["message"]?.string ?? "no reason given"
    self.call = call
  }

  /// Quotas come as 403, not 429.
  var mayPass: Bool {
    status == 429 || status >= 500
      || (status == 403 && ["rateLimitExceeded", "quotaExceeded"].contains(reason))
  }

  var description: String { "\(call): BigQuery answered \(status), \(message)" }
}
