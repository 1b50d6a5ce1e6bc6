// SPDX-License-Identifier: MIT
import HTTPClient

/// Requests to BigQuery's REST API in the process's own project.
struct BigQueryClient {
  enum Ending {
    /// The project or a token could not be had: nothing was sent.
    case noAccess(CloudError)
    case ended(Result<IncomingResponse, TransportError>, authorization: String?)
  }

  let caller: CloudCaller
  let cloud: CloudSettings

  /// - Parameter path: The path behind `/bigquery/v2/projects/PROJECT`.
  func send(
    _ method: String, _ path: String, headers: [String] = [], body: [UInt8] = [],
    timeout: Duration, _ completion: @escaping (Ending) -> Void
  ) {
    cloud.access.withProject(caller.loop, caller.client) { project in
      cloud.access.withAuthorization(for: cloud.bigQuery, caller.loop, caller.client) { token in
        switch (project, token) {
        case (.success(let project), .success(let authorization)):
          caller.learned(project)
          var headers = headers
          if let authorization { headers.append("Authorization: \(authorization)") }
          let request = OutgoingRequest(
            method: method,
            url: "\(cloud.bigQuery.base)/bigquery/v2/projects/\(project)\(path)", headers: headers,
            body: body, timeout: timeout)
          caller.client.send(request) { completion(.ended($0, authorization: authorization)) }
        case (.failure(let error), _), (_, .failure(let error)): completion(.noAccess(error))
        }
      }
    }
  }

  /// A token was refused: the next request gets a new one.
  func refused(_ authorization: String?) { cloud.access.refused(authorization) }
}
