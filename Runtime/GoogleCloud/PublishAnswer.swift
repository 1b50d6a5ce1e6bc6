// SPDX-License-Identifier: MIT
import Bytes
import HTTPClient

/// The action that the answer to a publish request asks for.
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

  /// - Parameter messages: How many were sent: a 200 counts only with as many ids.
  init(_ result: Result<IncomingResponse, TransportError>, messages: Int) {
    switch result {
    case .failure(let error):
      self = .again(retryAfter: nil, why: "Pub/Sub: \(error)")
    case .success(let response):
      let why = "Pub/Sub: status \(response.status)"
      switch response.status {
      case 200 where (try? Self.countIDs(response.body.span)) == messages: self = .published
      case 200: self = .again(retryAfter: nil, why: "Pub/Sub: an answer that can't be read")
      case 401: self = .newToken
      case 400, 413: self = .split(why: why)
      case let status where Self.transient.contains(status):
        self = .again(retryAfter: response.header("Retry-After").flatMap { Int($0) }, why: why)
      default: self = .failed(why: why)
      }
    }
  }

  /// The number of `messageIds`, which Pub/Sub gives in the order of the messages.
  private static func countIDs(_ body: Span<UInt8>) throws(JSONError) -> Int {
    var scanner = JSONScanner()
    var count = 0
    try scanner.enterObject(in: body)
    while let name = try scanner.nextMember(in: body) {
      guard name.equals("messageIds", in: body), try scanner.peek(in: body) == .array else {
        _ = try scanner.value(in: body)
        continue
      }
      try scanner.enterArray(in: body)
      while try scanner.nextElement(in: body) {
        _ = try scanner.value(in: body)
        count += 1
      }
    }
    try scanner.finish(in: body)
    return count
  }
}
