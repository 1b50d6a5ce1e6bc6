// SPDX-License-Identifier: MIT
import FunctionRuntime
import HTTPClient

/// Streams rows into the tables of one dataset.
public final class TableInserter {
  /// Smaller bodies are not worth compressing.
  static let smallestToCompress = 8 * 1024

  private let client: BigQueryClient
  private let dataset: String
  private let compressor: Gzip?

  /// - Parameter compresses: Whether bodies of 8 KB and more are sent with gzip.
  public init(worker: Worker, cloud: CloudSettings, dataset: String, compresses: Bool = false) {
    client = BigQueryClient(worker: worker, cloud: cloud)
    self.dataset = dataset
    compressor = compresses ? Gzip() : nil
  }

  /// Sends one request. `completion` runs later on the loop with the fate of the rows.
  public func insert(
    _ body: [UInt8], into table: String, timeout: Duration,
    _ completion: @escaping (InsertAllAnswer) -> Void
  ) {
    var headers = ["Content-Type: application/json"]
    var sent = body
    if body.count >= Self.smallestToCompress, let small = compressor?.compress(body) {
      headers.append("Content-Encoding: gzip")
      sent = small
    }
    client.send(
      "POST", "/datasets/\(dataset)/tables/\(table)/insertAll", headers: headers, body: sent,
      timeout: timeout
    ) { [client] result in
      switch result {
      case .noAccess(let error): completion(.notSent(why: error.description))
      case .ended(let outcome, let authorization):
        let answer = InsertAllAnswer(outcome)
        if answer == .newToken { client.refused(authorization) }
        completion(answer)
      }
    }
  }
}
