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
  }

  private var faults: [Service: (mode: Mode, until: Duration)] = [:]

  mutating func set(_ service: Service, _ mode: Mode, until end: Duration) {
    faults[service] = mode == .off ? nil : (mode, end)
  }

  func mode(_ service: Service, at now: Duration) -> Mode {
    guard let fault = faults[service], now < fault.until else { return .off }
    return fault.mode
  }

  /// How long the fault will last.
  func remaining(_ service: Service, at now: Duration) -> Duration {
    faults[service].map { max(.zero, $0.until - now) } ?? .zero
  }

  /// Reads `{"service":"pubsub","mode":"503","seconds":10}`.
  mutating func apply(_ request: JSON.Members, at now: Duration) throws(GoogleError) {
    guard let service = request["service"]?.string.flatMap(Service.init(rawValue:)) else {
      throw .badRequest("service is one of \(Service.allCases.map(\.rawValue)).")
    }
    guard let mode = request["mode"]?.string.flatMap(Mode.init(rawValue:)) else {
      throw .badRequest("mode is one of \(Mode.allCases.map(\.rawValue)).")
    }
    let seconds = request["seconds"]?.double ?? 10
    guard (0...3_600).contains(seconds) else { throw .badRequest("seconds is 0 to 3600.") }
    set(service, mode, until: now + .milliseconds(Int(seconds * 1_000)))
  }
}
