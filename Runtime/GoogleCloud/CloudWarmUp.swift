// SPDX-License-Identifier: MIT
import FunctionRuntime

extension CloudSettings {
  /// Gets ready for the first request to `endpoint` once the program listens: loads libcurl, learns the
  /// project, and gets a token. Until then `/ready` answers 503; it is tried again every second.
  public func warmUp(_ worker: Worker, for endpoint: Endpoint) {
    worker.addReadiness { [access] in access.isReady(for: endpoint) }
    worker.loop.atTurnEnd {
      worker.client.warmUp()
      prepare(worker, endpoint)
    }
  }

  private func prepare(_ worker: Worker, _ endpoint: Endpoint) {
    access.withProject(worker.loop, worker.client) { project in
      if case .success(let project) = project { worker.project = project }
      access.withAuthorization(for: endpoint, worker.loop, worker.client) { authorization in
        if case .success = project, case .success = authorization { return }
        worker.loop.schedule(after: .seconds(1)) { prepare(worker, endpoint) }
      }
    }
  }
}
