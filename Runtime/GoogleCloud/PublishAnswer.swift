// SPDX-License-Identifier: MIT
import HTTPClient

/// What to do about the answer to a publish request.
enum PublishAnswer: Equatable {
  case published
  /// The outcome is unknown or the service is busy: the same messages again, after a pause.
  case again(retryAfter: Int?, why: String)
  /// The token was refused: once more with a new one.
  case newToken
  /// Something in the request is not acceptable: apart, the good messages get through.
  case split(why: String)
  /// No repetition helps now.
  case failed(why: String)

  /// Codes that Google's own clients repeat: ABORTED, CANCELLED, DEADLINE_EXCEEDED, INTERNAL,
  /// RESOURCE_EXHAUSTED, UNAVAILABLE, as HTTP says them.
  private static let transient: Set<Int> = [408, 409, 429, 499, 500, 502, 503, 504]

  init(_ result: Result<IncomingResponse, TransportError>) {
    switch result {
    case .failure(let error):
      self = .again(retryAfter: nil, why: "Pub/Sub: \(error)")
    case .success(let response):
      let why = "Pub/Sub: status \(response.status)"
      switch response.status {
      case 200: self = .published
      case 401: self = .newToken
      case 400, 413: self = .split(why: why)
      case let status where Self.transient.contains(status):
        self = .again(retryAfter: response.header("Retry-After").flatMap { Int($0) }, why: why)
      default: self = .failed(why: why)
      }
    }
  }
}
