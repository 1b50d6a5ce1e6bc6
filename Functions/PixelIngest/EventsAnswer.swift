// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer

/// The answers to `POST /events`, each with the cross-origin fields that a page's browser needs.
struct EventsAnswer {
  private let headers: [(String, String)]

  /// - Parameter headers: Those of CORS.
  init(_ headers: [(String, String)]) { self.headers = headers }

  /// 204 if all events were taken and there is nothing to say, 400 if none was taken, else 200; the last two
  /// say which were not, and why.
  func taken(
    _ count: Int, _ problems: [(index: Int, problem: EventProblem)],
    _ hints: [(index: Int, hint: EventHint)] = [], _ cookies: [(String, String)]
  ) -> Response {
    guard !problems.isEmpty || !hints.isEmpty else {
      return Response(status: 204, headers: headers + cookies)
    }
    return report(count > 0 ? 200 : 400, count, problems, hints, cookies)
  }

  /// Pub/Sub has not taken all events; a client that reads the answer sends only the failed ones again.
  func notPublished(
    _ count: Int, _ problems: [(index: Int, problem: EventProblem)],
    _ hints: [(index: Int, hint: EventHint)], _ cookies: [(String, String)]
  ) -> Response {
    report(503, count, problems, hints, count > 0 ? cookies : [], ("Retry-After", "1"))
  }

  private func report(
    _ status: Int, _ count: Int, _ problems: [(index: Int, problem: EventProblem)],
    _ hints: [(index: Int, hint: EventHint)], _ cookies: [(String, String)],
    _ more: (String, String)...
  ) -> Response {
    var body = ByteWriter(capacity: 64 + problems.count * 40)
    body.append("{\"accepted\":")
    body.append(decimal: count)
    body.append(",\"rejected\":[")
    for (place, each) in problems.enumerated() {
      if place > 0 { body.append(UInt8(ascii: ",")) }
      body.append("{\"index\":")
      body.append(decimal: each.index)
      body.append(",\"reason\":\"")
      body.append(each.problem.rawValue)
      body.append("\"}")
    }
    body.append("]")
    if !hints.isEmpty { body.append(hints: hints) }
    body.append("}\n")
    return Response(
      status: status,
      headers: [("Content-Type", "application/json")] + headers + cookies + more, body: body.bytes)
  }

  /// A fault of the request as a whole.
  func problem(_ error: any Error) -> Response {
    taken(0, [(0, error as? EventProblem ?? .notJSON)], [], [])
  }

  var postOnly: Response { refusal(405, "Events are posted.", ("Allow", "POST, OPTIONS")) }
  var unknownOrigin: Response { refusal(403, "Pages of this origin may not post here.") }
  var keyNeeded: Response {
    refusal(401, "A write key is needed.", ("WWW-Authenticate", "Bearer"))
  }
  var tooLong: Response { refusal(413, "A body may have 1 MiB.") }
  var tooMany: Response { refusal(413, "A body may have 500 events.") }
  var unknownFormat: Response {
    refusal(415, "Send JSON, text or a form, not compressed.", ("Accept-Encoding", "identity"))
  }
  var busy: Response { refusal(429, "Too much is waiting.", ("Retry-After", "1")) }

  private func refusal(_ status: Int, _ text: String, _ more: (String, String)...) -> Response {
    Response(status: status, text: text, headers: headers + more)
  }
}

extension ByteWriter {
  fileprivate mutating func append(hints: [(index: Int, hint: EventHint)]) {
    append(",\"hints\":[")
    for (place, each) in hints.enumerated() {
      if place > 0 { append(UInt8(ascii: ",")) }
      append("{\"index\":")
      append(decimal: each.index)
      append(",\"hint\":")
      append(json: each.hint.sentence)
      append(UInt8(ascii: "}"))
    }
    append(UInt8(ascii: "]"))
  }
}
