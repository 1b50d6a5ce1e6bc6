// SPDX-License-Identifier: MIT

/// Makes a service fail for a while, because somebody asked for it.
struct FaultSwitch {
  enum Service: String, CaseIterable { case pubsub, bigquery }

  enum Mode: String, CaseIterable {
    case off
    /// Every request is refused with 503.
    case unavailable = "503"
    /// No request is answered until the fault is over, and then with 503.
    case hang
    /// What was asked is done, but the answer is 503: the outcome that a client cannot know.
    case lost = "503-after"
    case tooMany = "429"
    /// BigQuery's form of "too many".
    case overQuota = "403"
    case notFound = "404"
    case unauthenticated = "401"
    /// A 200 with a page instead of an answer; nothing is done.
    case page = "html"
    /// What was asked is done, but the answer is half of itself.
    case half = "half-after"
  }

  private struct Fault {
    let mode: Mode
    let until: Duration
    /// Strikes one in so many requests.
    let every: Int
    var requests = 0
  }

  private var faults: [Service: Fault] = [:]

  mutating func set(_ service: Service, _ mode: Mode, until end: Duration, every: Int = 1) {
    faults[service] = mode == .off ? nil : Fault(mode: mode, until: end, every: every)
  }

  func mode(_ service: Service, at now: Duration) -> Mode {
    guard let fault = faults[service], now < fault.until else { return .off }
    return fault.mode
  }

  /// What becomes of the next request; the first one is always struck.
  mutating func next(_ service: Service, at now: Duration) -> Mode {
    guard let fault = faults[service], now < fault.until else { return .off }
    faults[service]?.requests += 1
    return fault.requests % fault.every == 0 ? fault.mode : .off
  }

  /// How long the fault will last.
  func remaining(_ service: Service, at now: Duration) -> Duration {
    faults[service].map { max(.zero, $0.until - now) } ?? .zero
  }

  /// Reads `{"service":"pubsub","mode":"503","seconds":10,"every":1}`.
  mutating func apply(_ request: JSON.Members, at now: Duration) throws(GoogleError) {
    guard let service = request["service"]?.string.flatMap(Service.init(rawValue:)) else {
      throw .badRequest("service is one of \(Service.allCases.map(\.rawValue)).")
    }
    guard let mode = request["mode"]?.string.flatMap(Mode.init(rawValue:)) else {
      throw .badRequest("mode is one of \(Mode.allCases.map(\.rawValue)).")
    }
    let seconds = request["seconds"]?.double ?? 10
    guard (0...3_600).contains(seconds) else { throw .badRequest("seconds is 0 to 3600.") }
    let every = request["every"]?.double ?? 1
    guard (1...1_000).contains(every) else { throw .badRequest("every is 1 to 1000.") }
    set(service, mode, until: now + .milliseconds(Int(seconds * 1_000)), every: Int(every))
  }
}

extension FaultSwitch.Mode {
  /// What is answered instead of doing what was asked.
  var answer: APIResponse {
    switch self {
    case .tooMany: .error(.tooMany)
    case .overQuota: .error(.overQuota)
    case .notFound: .error(.notFound("Not found: Table (a fault)"))
    case .unauthenticated: .error(.unauthenticated)
    case .page:
      APIResponse(
        200, contentType: "text/html; charset=UTF-8",
        body: Array("<html><title>Sign in</title></html>".utf8))
    case .off, .unavailable, .hang, .lost, .half: .error(.unavailable)
    }
  }
}
