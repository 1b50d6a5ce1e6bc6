// SPDX-License-Identifier: MIT
import HTTPClient

/// Streams rows into the tables of one dataset.
public final class TableInserter {
  private let client: BigQueryClient
  private let dataset: String

  public init(caller: CloudCaller, cloud: CloudSettings, dataset: String) {
    client = BigQueryClient(caller: caller, cloud: cloud)
    self.dataset = dataset
  }

  /// Sends one request. `completion` runs later on the loop with the fate of the rows.
  public func insert(
    _ body: [UInt8], into table: String, timeout: Duration,
    _ completion: @escaping (InsertAllAnswer) -> Void
  ) {
    client.send(
      "POST", "/datasets/\(dataset)/tables/\(table)/insertAll",
      headers: ["Content-Type: application/json"], body: body,
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
