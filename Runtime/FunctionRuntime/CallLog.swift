// SPDX-License-Identifier: MIT
import Bytes
import EventLoop

/// One line a call, in Cloud Logging's structured format: what was asked, what was answered, how long it
/// took, and which trace it belongs to. Never the query, an address or an agent.
final class CallLog {
  private let worker: Worker
  private let sampling: CallSampling
  private var sinceLast = 0

  init(worker: Worker, sampling: CallSampling) {
    self.worker = worker
    self.sampling = sampling
  }

  /// Writes the line of a call that is being answered, if it is one that leaves a line.
  /// - Parameters:
  ///   - began: When the function got the call.
  ///   - note: What the function said; nil if it said nothing.
  func answered(_ request: Request, _ response: Response, began: Instant, note: CallNote?) {
    defer { worker.tally.reportIfDue(worker.log, now: worker.loop.now) }
    count(response, note)
    let isProblem = note.map { $0.result != .done } ?? (response.status >= 500)
    guard isProblem || isSampled() else { return }
    write(note?.severity ?? (isProblem ? .error : .info), request, response, began, note)
  }

  /// The same for a call that the function said nothing about: mostly there is nothing to do but count.
  func answered(_ request: Request, _ response: Response, began: Instant) {
    guard response.status < 500 else {
      return answered(request, response, began: began, note: nil)
    }
    worker.tally.countDone()
    if isSampled() { write(.info, request, response, began, nil) }
    worker.tally.reportIfDue(worker.log, now: worker.loop.now)
  }

  /// The same for a call that was done: its note is only made for a line.
  func done(_ request: Request, _ response: Response, began: Instant, _ subject: CallSubject) {
    worker.tally.countDone()
    if isSampled() {
      write(.info, request, response, began, CallNote(result: .done, subject: subject))
    }
    worker.tally.reportIfDue(worker.log, now: worker.loop.now)
  }

  private func write(
    _ severity: Severity, _ request: Request, _ response: Response, _ began: Instant,
    _ note: CallNote?
  ) {
    guard worker.log.takes(severity) else { return }
    let took = Instant.read().nanoseconds &- began.nanoseconds
    worker.log.line(
      severity, sentence: note?.sentence ?? "A request was answered.",
      json: { writeJSON(severity, request, response, took, note, to: &$0) },
      text: { writeText(severity, request, response, took, note, to: &$0) })
  }

  private func count(_ response: Response, _ note: CallNote?) {
    switch note?.result {
    case nil where response.status < 500: worker.tally.countDone()
    case nil: worker.tally.count("failed", "status_\(response.status)")
    case .done where note?.reason == nil: worker.tally.countDone()
    case .done: break
    case .some(let result): worker.tally.count(result.rawValue, note?.reason ?? "unknown")
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
    _ note: CallNote?, to line: inout ByteWriter
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

  private func append(_ note: CallNote, to line: inout ByteWriter) {
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
    switch note.subject {
    case .push(let delivery): member("message_id", delivery.message.messageID)
    case .event(let id, let type, _):
      member("event_id", id)
      member("event_type", type)
    case nil: break
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
    _ note: CallNote?, to line: inout ByteWriter
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
