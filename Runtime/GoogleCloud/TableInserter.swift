// SPDX-License-Identifier: MIT
import EventLoop
import FunctionRuntime
import HTTPClient

/// One table that rows are streamed into, and its suffix tables.
public final class TableInserter {
  private let worker: Worker
  private let cloud: CloudSettings
  private let dataset: String
  private let table: String

  public init(worker: Worker, cloud: CloudSettings, dataset: String, table: String) {
    self.worker = worker
    self.cloud = cloud
    self.dataset = dataset
    self.table = table
  }

  /// Sends one request. `completion` runs later on the loop with what became of the rows.
  public func insert(
    _ body: [UInt8], timeout: Duration, _ completion: @escaping (InsertAllAnswer) -> Void
  ) {
    cloud.access.withProject(worker.loop, worker.client) { [self] project in
      cloud.access.withAuthorization(for: cloud.bigQuery, worker.loop, worker.client) {
        [self] authorization in
        switch (project, authorization) {
        case (.success(let project), .success(let authorization)):
          worker.project = project
          post(body, timeout, project, authorization, completion)
        case (.failure(let error), _), (_, .failure(let error)):
          completion(.again(retryAfter: nil, why: error.description))
        }
      }
    }
  }

  private func post(
    _ body: [UInt8], _ timeout: Duration, _ project: String, _ authorization: String?,
    _ completion: @escaping (InsertAllAnswer) -> Void
  ) {
    var headers = ["Content-Type: application/json"]
    if let authorization { headers.append("Authorization: \(authorization)") }
    let path = "/bigquery/v2/projects/\(project)/datasets/\(dataset)/tables/\(table)/insertAll"
    let request = OutgoingRequest(
      method: "POST", url: cloud.bigQuery.base + path, headers: headers, body: body,
      timeout: timeout)
    worker.client.send(request) { [self] result in
      let answer = InsertAllAnswer(result)
      if answer == .newToken { cloud.access.refused(authorization) }
      completion(answer)
    }
  }
}
