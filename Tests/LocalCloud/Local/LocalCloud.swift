// SPDX-License-Identifier: MIT

/// The whole cloud on one machine: load balancer with bucket, log sink, Pub/Sub, BigQuery and the
/// metadata server, as a function from requests to answers. The server around it does the I/O.
public final class LocalCloud {
  /// What to do with a request.
  public enum Answer {
    case now(APIResponse)
    /// Keep the client waiting, because a fault was asked for.
    case after(Duration, APIResponse)
  }

  public let configuration: Configuration
  public let broker: PubSubBroker
  public let store: BigQueryStore
  let sink: LogSink
  private let follower: LogFollower?
  let started: Moment
  let ledger: RequestLedger
  var faults = FaultSwitch()
  var health: Health
  let recent: RecentEvents
  private let browserGuard: BrowserGuard
  private let metadata: MetadataServer
  private var loadBalancer: LoadBalancer

  /// Opens what is in the folder and makes what is missing: topics, subscriptions, dataset and
  /// template table. `progress` is told, in words, what takes its time.
  public init(
    _ configuration: Configuration, at moment: Moment, progress: (String) -> Void = { _ in }
  ) throws {
    self.configuration = configuration
    let project = configuration.project
    health = Health(stages: configuration.stages, folder: configuration.folder)
    recent = RecentEvents(judge: configuration.judge)
    browserGuard = BrowserGuard(host: configuration.host, names: configuration.allowedHosts)
    started = moment
    broker = try PubSubBroker(
      folder: "\(configuration.folder)/pubsub", project: project,
      maximumOutstanding: configuration.maximumOutstanding, at: moment)
    store = try BigQueryStore(folder: "\(configuration.folder)/bigquery", project: project) {
      progress("\($0) of \($1) tables are open …")
    }
    sink = LogSink(broker: broker, topic: broker.topicName(Configuration.logsTopic))
    follower = try configuration.followedLog.map {
      try LogFollower($0, folder: "\(configuration.folder)/sink", project: project)
    }
    ledger = try RequestLedger(file: configuration.recordFile)
    metadata = MetadataServer(project: project)
    loadBalancer = LoadBalancer(project: project)
    try makeTopics()
    try makeTables(at: moment)
    try watchEvents()
  }

  /// Lets the page know of everything that passes, and of the last rows and rejections from before.
  private func watchEvents() throws {
    for table in store.newest(50).reversed() {
      let lines = try table.rows.lines(max(0, table.rows.count - 10)..<table.rows.count)
      recent.note(rows: lines, in: "\(table.dataset).\(table.name)", number: table.written)
    }
    let rejections = broker.rejections
    let last = try rejections.rejections(max(0, rejections.count - 50)..<rejections.count)
    recent.note(rejections: last.compactMap(Message.init(json:)))
    let events = broker.topicName(Configuration.eventsTopic)
    broker.onPublish = { [recent, sink, unowned broker] messages, topic in
      if topic == sink.topic {
        recent.note(hits: messages)
      } else if topic == events {
        recent.note(published: messages)
      } else if broker.topics[topic]?.keepsRejections == true {
        recent.note(rejections: messages)
      }
    }
    broker.onDone = { [recent, sink] message in
      if message.topic == sink.topic { recent.note(done: message) }
    }
    store.onInsert = { [recent] lines, table in
      recent.note(rows: lines, in: "\(table.dataset).\(table.name)", number: table.written)
    }
  }

  private func makeTopics() throws(GoogleError) {
    for short in [Configuration.logsTopic, Configuration.eventsTopic] {
      let name = broker.topicName(short)
      if broker.topics[name] == nil { try broker.createTopic(name) }
      try broker.createRejectionTopic(
        broker.topicName(short + Configuration.deadLetterSuffix))
    }
    try broker.createRejectionTopic(broker.topicName(Configuration.rejectedTopic))
    for push in configuration.pushes {
      try broker.setSubscription(
        Subscription(
          name: "projects/\(configuration.project)/subscriptions/\(push.topic)-push",
          topic: broker.topicName(push.topic), endpoint: push.endpoint,
          ackDeadline: configuration.ackDeadline, retry: configuration.retry,
          deadLetter: .init(
            topic: broker.topicName(push.topic + Configuration.deadLetterSuffix),
            maximumAttempts: configuration.maximumAttempts)))
    }
  }

  /// The templates and the tables made from them follow their contracts, as a deployment would have it;
  /// where that is no compatible change, it says so.
  private func makeTables(at moment: Moment) throws(GoogleError) {
    let dataset = configuration.dataset
    if store.datasets[dataset] == nil { try store.createDataset(dataset) }
    for template in configuration.templates { try make(template, in: dataset, at: moment) }
  }

  private func make(
    _ template: Configuration.Template, in dataset: String, at moment: Moment
  ) throws(GoogleError) {
    guard store.datasets[dataset]?[template.table] != nil else {
      try store.createTable(
        dataset, template.table, columns: template.columns, resource: [:], at: moment)
      return
    }
    let made = store.tables.filter {
      $0.dataset == dataset
        && ($0.name == template.table
          || $0.isGenerated && configuration.template(of: $0.name) == template.table)
    }
    for old in made {
      do {
        _ = try store.changeTable(dataset, old.name, columns: template.columns, at: moment)
      } catch {
        throw .invalid(
          "The rows in \(configuration.folder) were made by another contract: \(error.message) "
            + "Delete the folder, or choose another one with --data.")
      }
    }
  }

  public func answer(_ request: APIRequest, at moment: Moment) -> Answer {
    if let refusal = browserGuard.refusal(of: request) { return .now(.error(refusal)) }
    let answer = route(request, at: moment)
    if case .now(let response) = answer { health.note(response, to: request) }
    return answer
  }

  private func route(_ request: APIRequest, at moment: Moment) -> Answer {
    let path = request.path
    if path == "/_local/trouble" {
      return .now(.text(health.troubles.map { $0 + "\n" }.joined()))
    }
    if path.hasPrefix("/bigquery/v2/") {
      return api(.bigquery, request, at: moment) { BigQueryAPI(store: store).answer($0, at: $1) }
    }
    if path.hasPrefix("/v1/projects/") {
      return api(.pubsub, request, at: moment) { PubSubAPI(broker: broker).answer($0, at: $1) }
    }
    // Client libraries ask for `/` with this header to see whether they run on Google's machines.
    if path.hasPrefix("/computeMetadata/") || request.headers["metadata-flavor"] != nil {
      return .now(metadata.answer(request, at: moment))
    }
    if LoadBalancer.serves(path) { return .now(hit(request, at: moment)) }
    if path.hasPrefix("/_local/") {
      return .now(LocalAPI(cloud: self).answer(request, at: moment))
    }
    switch (request.method, path) {
    case ("GET", "/"), ("HEAD", "/"):
      return .now(LivePage.response(ingest: configuration.ingestURL))
    case ("GET", "/oauth2/v3/certs"): return .now(.json(["keys": []]))
    case ("GET", "/favicon.ico"): return .now(APIResponse(204, contentType: "image/png", body: []))
    default: return .now(.error(.notFound("Not found: \(request.method) \(path)")))
    }
  }

  private func api(
    _ service: FaultSwitch.Service, _ request: APIRequest, at moment: Moment,
    _ answer: (APIRequest, Moment) -> APIResponse
  ) -> Answer {
    do { try ledger.record(request, service: service) } catch {
      return .now(.error(.internalError("\(error)")))
    }
    let fault = faults.next(service, at: moment.uptime)
    switch fault {
    case .off, .lost, .half: break
    case .hang:
      return .after(faults.remaining(service, at: moment.uptime), .error(.unavailable))
    default: return .now(fault.answer)
    }
    let admitted = metadata.admits(
      request.headers["authorization"], required: configuration.requireToken, at: moment.uptime)
    guard admitted else { return .now(.error(.unauthenticated)) }
    let response = answer(request, moment)
    switch fault {
    case .lost: return .now(.error(.unavailable))
    case .half:
      var half = response
      half.body.removeLast(half.body.count / 2)
      return .now(half)
    default: return .now(response)
    }
  }

  /// Publishes the hits that PixelIngest has written to its log since the last time. While Pub/Sub is
  /// away they wait in the log, as they would at Google's. Says whether there were any.
  func followLog(at moment: Moment) throws -> Bool {
    guard let follower, faults.mode(.pubsub, at: moment.uptime) == .off else { return false }
    let (entries, end) = try follower.read(at: moment)
    if !entries.isEmpty { _ = try sink.write(entries.map(\.bytes), at: moment) }
    try follower.keep(end)
    return !entries.isEmpty
  }

  /// The bucket road. The real load balancer would answer before its log entry is published; here
  /// the entry is safe first, so that each answered hit can be counted on.
  private func hit(_ request: APIRequest, at moment: Moment) -> APIResponse {
    let response = LoadBalancer.response(to: request)
    let entry = loadBalancer.logEntry(for: request, answered: response, at: moment)
    do {
      _ = try sink.write([entry.bytes], at: moment)
      return response
    } catch {
      return .error(error)
    }
  }
}
