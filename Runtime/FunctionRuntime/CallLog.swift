// SPDX-License-Identifier: MIT
import Bytes
import Envelopes
import EventLoop
import HTTPServer

/// One line a call, in Cloud Logging's structured format: the request, the answer, the time it took, and its
/// trace. Never the query, an address or an agent.
final class CallLog: CallObserver {
  private let worker: Worker
  private let sampling: CallSampling
  private var sinceLast = 0

  init(worker: Worker, sampling: CallSampling) {
    self.worker = worker
    self.sampling = sampling
  }

  /// Counts a call that was answered, and writes its line if it is one that leaves a line.
  /// - Parameter note: A `CallLogNote`; the `CallSubject` of a call that was done; or nil from a function that says
  ///   nothing.
  func answered(_ request: Request, _ response: Response, began: Instant, note: AnyObject?) {
    // Mostly there is nothing to do but count.
    if let note = note as? CallLogNote {
      answered(request, response, began, note)
    } else if note == nil, response.status >= 500 {
      answered(request, response, began, nil)
    } else {
      worker.callCounters.countDone()
      if isSampled() {
        let subject = note as? any CallSubject
        write(
          .info, request, response, began,
          subject.map { CallLogNote(result: .done, subject: $0) })
      }
    }
    worker.callCounters.reportIfDue(worker.log, now: worker.loop.now)
  }

  func abandoned(
    _ request: Request, _ response: Response, began: Instant, because why: Abandonment,
    subject: AnyObject?
  ) {
    let subject = subject as? any CallSubject
    let note =
      switch why {
      case .deadline:
        CallLogNote(result: .deadline, reason: Reason.deadlineExceeded.rawValue, subject: subject)
      case .draining:
        CallLogNote(result: .retry, reason: Reason.draining.rawValue, subject: subject)
      }
    answered(request, response, began, note)
    worker.callCounters.reportIfDue(worker.log, now: worker.loop.now)
  }

  private func answered(
    _ request: Request, _ response: Response, _ began: Instant, _ note: CallLogNote?
  ) {
    count(response, note)
    let isProblem = note.map { $0.result != .done } ?? true
    guard isProblem || isSampled() else { return }
    write(note?.severity ?? .error, request, response, began, note)
  }

  private func write(
    _ severity: Severity, _ request: Request, _ response: Response, _ began: Instant,
    _ note: CallLogNote?
  ) {
    guard worker.log.takes(severity) else { return }
    let took = Instant.read().nanoseconds &- began.nanoseconds
    worker.log.line(
      severity, sentence: note?.sentence ?? "A request was answered.",
      json: { writeJSON(severity, request, response, took, note, to: &$0) },
      text: { writeText(severity, request, response, took, note, to: &$0) })
  }

  private func count(_ response: Response, _ note: CallLogNote?) {
    switch note?.result {
    case nil: worker.callCounters.count("failed", "status_\(response.status)")
    case .done where note?.reason == nil: worker.callCounters.countDone()
    case .done: break
    case .some(let result): worker.callCounters.count(result.rawValue, note?.reason ?? "unknown")
    }
  }

  private func isSampled() -> Bool {
    guard let every = sampling.every else { return false }
    sinceLast += 1
    guard sinceLast >= every else { return false }
    sinceLast = 0
    return true
  }

  // MARK: JSON

  private func writeJSON(
    _ severity: Severity, _ request: Request, _ response: Response, _ took: Int64,
    _ note: CallLogNote?, to line: inout ByteWriter
  ) {
    line.append(constant: ",\"httpRequest\":{\"requestMethod\":\"")
    line.append(constant: request.method.name)
    line.append(constant: "\",\"requestUrl\":")
    request.withPath { line.append(json: $0, 0..<min($0.count, 256)) }
    line.append(constant: ",\"status\":")
    line.append(decimal: response.status)
    // Sizes are int64, which Google's JSON writes as strings.
    line.append(constant: ",\"requestSize\":\"")
    line.append(decimal: request.bodyInPlace.range.count)
    line.append(constant: "\",\"responseSize\":\"")
    line.append(decimal: response.body.count)
    line.append(constant: "\",\"latency\":\"")
    appendSeconds(took, to: &line)
    line.append(constant: "s\"}")
    if let trace = TraceContext(request) { append(trace, to: &line) }
    if let note { append(note, to: &line) }
  }

  private func append(_ trace: TraceContext, to line: inout ByteWriter) {
    line.append(constant: ",\"logging.googleapis.com/trace\":\"")
    if let project = worker.project {
      line.append(constant: "projects/")
      line.append(project)
      line.append(constant: "/traces/")
    }
    line.append(hex: trace.high)
    line.append(hex: trace.low)
    line.append(constant: "\"")
    if let span = trace.span {
      line.append(constant: ",\"logging.googleapis.com/spanId\":\"")
      line.append(hex: span)
      line.append(constant: "\"")
    }
  }

  private func append(_ note: CallLogNote, to line: inout ByteWriter) {
    line.append(constant: ",\"outcome\":\"")
    line.append(note.result.rawValue)
    line.append(constant: "\"")
    func member(_ name: StaticString, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      line.append(constant: ",\"")
      line.append(name)
      line.append(constant: "\":")
      line.append(json: value)
    }
    member("reason", note.reason)
    member("detail", note.detail)
    member("stage", note.stage)
    member("event_id", note.eventID)
    member("message_id", note.subject?.messageID)
    if let event = note.subject?.event {
      member("event_id", event.id)
      member("event_type", event.type)
    }
    let push = note.subject?.push
    member("subscription", push?.subscription)
    if let attempt = push?.deliveryAttempt {
      line.append(constant: ",\"attempt\":")
      line.append(decimal: attempt)
    }
  }

  private func appendSeconds(_ nanoseconds: Int64, to line: inout ByteWriter) {
    let micros = max(0, nanoseconds / 1000)
    line.append(decimal: micros / 1_000_000)
    line.append(UInt8(ascii: "."))
    line.append(decimal: UInt64(micros % 1_000_000), digits: 6)
  }

  // MARK: Text

  private func writeText(
    _ severity: Severity, _ request: Request, _ response: Response, _ took: Int64,
    _ note: CallLogNote?, to line: inout ByteWriter
  ) {
    line.append(" ")
    line.append(request.method.rawValue)
    line.append(" ")
    request.withPath { line.append(jsonEscaping: $0, 0..<min($0.count, 256)) }
    line.append(" \(response.status) \(took / 1000) µs")
    for (name, value) in [("reason", note?.reason), ("detail", note?.detail)] {
      if let value, !value.isEmpty { line.append(" \(name)=\(value)") }
    }
  }
}
