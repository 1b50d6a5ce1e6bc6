// SPDX-License-Identifier: MIT
import Foundation

/// What clients have asked Pub/Sub and BigQuery, as the requests would have gone to Google: the last
/// ones in memory, all of them in a file if one is named. One JSON object per line:
/// `{"method","url","headers","body"}`, or `bodyBase64` if the body is not text.
final class RequestLedger {
  private let file: LineFile?
  private(set) var recent: [JSON] = []
  private(set) var count = 0

  static let kept = 100

  init(file path: String?) throws { file = try path.map { try LineFile($0) } }

  func record(_ request: APIRequest, service: FaultSwitch.Service) throws {
    let query = request.query.map { "?" + $0 } ?? ""
    var line = JSON.Members([
      ("method", .string(request.method)),
      ("url", .string("https://\(service.rawValue).googleapis.com\(request.path)\(query)")),
      (
        "headers",
        .object(
          JSON.Members(
            request.headers.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
      ),
    ])
    if let text = String(validating: request.body, as: UTF8.self) {
      if !text.isEmpty { line["body"] = .string(text) }
    } else {
      line["bodyBase64"] = .string(Data(request.body).base64EncodedString())
    }
    count += 1
    recent.append(.object(line))
    if recent.count > Self.kept { recent.removeFirst() }
    try file?.append([JSON.object(line).bytes])
  }
}
