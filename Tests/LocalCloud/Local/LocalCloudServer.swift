// SPDX-License-Identifier: MIT
import Dispatch
import EventLoop
import Glibc
import HTTPClient
import HTTPServer

/// Puts a `LocalCloud` on a port: requests in, answers and pushes out, all on one loop.
public final class LocalCloudServer {
  private let loop: EventLoop
  private let cloud: LocalCloud
  private let client: HTTPClient
  private var server: HTTPServer?
  private var pumping = false
  private var wake: Timer?
  private var signals: [any DispatchSourceSignal] = []

  public init(_ cloud: LocalCloud, on loop: EventLoop) {
    self.cloud = cloud
    self.loop = loop
    // One push may be open on each connection.
    client = HTTPClient(
      loop: loop, userAgent: PushRequest.userAgent,
      maxConnections: 2 * cloud.configuration.maximumOutstanding)
  }

  /// Listens, and pushes what is left from before. Gives the port.
  @discardableResult
  public func start(host: String, port: UInt16) throws(SystemError) -> UInt16 {
    var limits = HTTPLimits()
    // Larger than what Google takes, so that the refusal is Google's.
    limits.maxBodyBytes = 64 * 1024 * 1024
    limits.maxInFlight = 10_000
    // A fault may hang for an hour.
    limits.requestTimeout = .seconds(3_700)
    let server = HTTPServer(loop: loop, limits: limits) { [self] in receive($0, $1) }
    let port = try server.listen(host: host, port: port)
    self.server = server
    if cloud.configuration.followedLog != nil { followLog() }
    watch()
    pumpAtTurnEnd()
    return port
  }

  private func followLog() {
    trouble { if try cloud.followLog(at: .now()) { pumpAtTurnEnd() } }
    loop.schedule(after: .milliseconds(200)) { [weak self] in self?.followLog() }
  }

  /// Asks each stage whether it is ready, and looks at the disk, once a second.
  private func watch() {
    cloud.health.lookAtDisk()
    for (index, stage) in cloud.configuration.stages.enumerated() {
      let request = OutgoingRequest(
        url: stage.url, timeout: .seconds(5), connectTimeout: .seconds(2), maxAnswer: 1024)
      client.send(request) { [self] result in
        cloud.health.note(stage: index, result.map(\.status).mapError { $0 })
      }
    }
    loop.schedule(after: .seconds(1)) { [weak self] in self?.watch() }
  }

  private func receive(_ request: Request, _ call: Call) {
    let answer = cloud.answer(APIRequest(request), at: .now())
    switch answer {
    case .now(let response): call.reply(response.http)
    case .after(let wait, let response):
      loop.schedule(after: wait) { call.reply(response.http) }
    }
    pumpAtTurnEnd()
  }

  // MARK: Pushing

  /// Once per turn is enough, however many requests and answers came in it.
  private func pumpAtTurnEnd() {
    if pumping { return }
    pumping = true
    loop.atTurnEnd { [self] in
      pumping = false
      pump()
    }
  }

  private func pump() {
    let now = Moment.now()
    trouble { try cloud.broker.expire(at: now) }
    for push in cloud.broker.pushes(at: now.uptime) { send(push) }
    wake?.cancel()
    wake = cloud.broker.nextWake.map { due in
      let wait = max(.milliseconds(1), due - Moment.now().uptime)
      return loop.schedule(after: wait) { [self] in pump() }
    }
  }

  private func send(_ push: PushRequest) {
    let request = OutgoingRequest(
      method: "POST", url: push.endpoint,
      headers: push.headers.map { "\($0.name): \($0.value)" }, body: push.body,
      timeout: push.timeout, connectTimeout: .seconds(2), maxAnswer: 1024 * 1024)
    client.send(request) { [self] result in
      let status = (try? result.get())?.status
      trouble {
        try cloud.broker.answered(push.subscription, push.token, status: status, at: .now())
      }
      pumpAtTurnEnd()
    }
  }

  /// What goes wrong here has nobody waiting for an answer: a disk that takes no acknowledgement
  /// means that a message comes again.
  private func trouble(_ work: () throws -> Void) {
    do { try work() } catch {
      cloud.health.note(failedWrite: error)
      Self.say("local-cloud: \(error)")
    }
  }

  public static func say(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  // MARK: Ending

  /// SIGTERM and SIGINT finish the open calls and stop the loop; a second one ends the process.
  public func stopOnSignals() {
    let target = LoopBound(self, of: loop)
    let handle = loop.handle
    for number in [SIGTERM, SIGINT] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { handle.post { target.value.stop() } }
      source.resume()
      signals.append(source)
    }
  }

  private func stop() {
    guard let server, !server.isDraining else { exit(1) }
    let late = Response(status: 503, text: "local-cloud is stopping.")
    server.drain(timeout: .seconds(2), cutOff: late) { [loop] in loop.stop() }
  }
}

extension APIRequest {
  /// Takes what the services look at and what the ledger writes down.
  init(_ request: Request) {
    var headers: [String: String] = [:]
    for name in Self.headers { headers["\(name)"] = request.header(name) }
    self.init(
      request.method.rawValue, request.path, query: request.query.map(Self.logged),
      headers: headers, body: request.body, remoteAddress: request.peerAddress)
  }

  private static let headers: [StaticString] = [
    "accept", "accept-encoding", "authorization", "content-encoding", "content-type", "host",
    "metadata-flavor", "origin", "referer", "sec-fetch-site", "user-agent", "x-forwarded-for",
    "x-goog-api-client",
    "x-goog-request-params", "x-goog-user-project",
  ]

  /// Logs are forced to UTF-8: what is not becomes a question mark.
  private static func logged(_ text: String) -> String { text.replacing("\u{FFFD}", with: "?") }
}

extension APIResponse {
  var http: Response {
    Response(
      status: status,
      headers: [("Content-Type", contentType)] + headers.map { ($0.name, $0.value) }, body: body)
  }
}
