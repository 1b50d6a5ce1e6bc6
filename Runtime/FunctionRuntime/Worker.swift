// SPDX-License-Identifier: MIT
import Envelopes
import EventLoop
import HTTPClient
import HTTPServer

/// One event loop of the process, with its log, its HTTP client and its counters; a function gets one for
/// each loop.
public final class Worker {
  /// 0 is the one that process-wide state lives on.
  public let index: Int
  public let loop: EventLoop
  public let log: Log
  public let settings: RuntimeSettings
  /// Outgoing requests of this loop, with connections kept open.
  public let client: HTTPClient
  public let load: ProcessLoad
  /// The project that the process runs in, once it is known; names traces in log lines.
  public var project: String? {
    get { knownProject }
    set { knownProject = newValue }
  }
  private var knownProject: String?
  /// `/ready` answers 200 while all of these are true.
  var readiness: [() -> Bool] = []
  let callCounters = CallCounters()
  private var nextWarning = Instant(nanoseconds: .min)

  init(
    index: Int, loop: EventLoop, log: Log, settings: RuntimeSettings, load: ProcessLoad,
    userAgent: String
  ) {
    self.index = index
    self.loop = loop
    self.log = log
    self.settings = settings
    self.load = load
    knownProject = settings.project
    client = HTTPClient(loop: loop, userAgent: userAgent, caFile: settings.caFile)
  }

  /// Counts a note of the function's own, for the minute's report.
  public func count(_ note: String, by count: Int = 1) {
    callCounters.count("noted", note, by: count)
  }

  /// Adds lines to the minute's report.
  public func addReport(_ write: @escaping (Log) -> Void) { callCounters.more.append(write) }

  /// Counts a refusal, and says so in the log once a minute: under load there are many.
  func countAndWarn(_ reason: Reason) {
    callCounters.count("refused", reason.rawValue)
    guard loop.now >= nextWarning else { return }
    nextWarning = loop.now + .seconds(60)
    log.warning("Calls are refused.", ["reason": .text(reason.rawValue)])
  }

  public func addReadiness(_ check: @escaping () -> Bool) { readiness.append(check) }
}
