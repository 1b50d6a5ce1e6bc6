// SPDX-License-Identifier: MIT
import EventLoop
import FunctionRuntime

// What a function has of this module, by its worker. Nothing else here knows of functions.

extension Worker {
  /// Asks Google on this worker's loop; log lines name traces by the project that it learns.
  public var cloudCaller: CloudCaller {
    CloudCaller(loop: loop, client: client, log: log) { [weak self] in self?.project = $0 }
  }
}

extension CloudSettings {
  /// Gets ready for the first request to `endpoint` once the program listens: loads libcurl, learns the
  /// project, and gets a token. Until then `/ready` answers 503; it is tried again every second.
  public func warmUp(_ worker: Worker, for endpoint: Endpoint) {
    worker.addReadiness { [access] in access.isReady(for: endpoint) }
    let caller = worker.cloudCaller
    worker.loop.atTurnEnd {
      caller.client.warmUp()
      prepare(caller, endpoint)
    }
  }

  private func prepare(_ caller: CloudCaller, _ endpoint: Endpoint) {
    access.withProject(caller.loop, caller.client) { project in
      if case .success(let project) = project { caller.learned(project) }
      access.withAuthorization(for: endpoint, caller.loop, caller.client) { authorization in
        if case .success = project, case .success = authorization { return }
        caller.loop.schedule(after: .seconds(1)) { prepare(caller, endpoint) }
      }
    }
  }
}

extension MessageFunction {
  /// A function of messages whose rejections go to a topic before they are acknowledged.
  public init(
    authentication: PushAuthentication, rejectedTo topic: TopicName, worker: Worker,
    cloud: CloudSettings, receive: @escaping (Delivery) -> Void
  ) {
    let recorder = RejectionRecorder(
      publisher: Publisher(
        caller: worker.cloudCaller, cloud: cloud, topic: topic, timeout: .seconds(20)))
    self.init(authentication: authentication, receive: receive) { delivery, rejection, completion in
      recorder.record(delivery.message, rejection, completion)
    }
  }
}
