// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import FunctionRuntime
import GoogleCloud
import HTTPServer
import PixelModel

/// `POST /events`: one event or many, from pages, apps and servers. Always published, in `log` mode too,
/// since a request log has no body.
final class EventsEndpoint {
  /// The bytes that the events of one request may become when they are published.
  static let maximumEntryBytes = 8 << 20
  /// The bytes that may wait for Pub/Sub, of all requests of this worker. Beyond that a request is answered
  /// 429.
  static let maximumWaitingBytes = 64 << 20

  private let worker: Worker
  private let publisher: Publisher
  private let privacy: PrivacyPolicy
  private let origins: CrossOrigin
  private let keys: WriteKeys
  private let cookie: VisitorCookie?
  /// Nil if LogParse's contract is not known here.
  private let required: RequiredColumns?
  private var hits: HitWriter
  private var ids = InsertIDs()
  private var event = EventQuery()
  private var waitingBytes = 0

  init(settings: PixelIngestSettings, worker: Worker, publisher: Publisher) {
    self.worker = worker
    self.publisher = publisher
    privacy = settings.privacy
    origins = settings.origins
    keys = settings.writeKeys
    cookie = settings.cookie
    required = settings.required
    hits = HitWriter(privacy: settings.privacy, hops: settings.forwardedHops)
  }

  func handle(_ request: Request, _ call: Call) {
    let origin = origins.verdict(on: request)
    if request.method == .options { return call.reply(origins.preflight(origin)) }
    let answer = EventsAnswer(origins.headers(origin))

    // 1. Whether it may be read at all.
    if let refusal = refusal(of: request, origin, answer) { return call.reply(refusal) }
    guard let format = BodyFormat(request) else { return call.reply(answer.unknownFormat) }

    // 2. Its events, each as an entry, privacy decided.
    var batch = Batch()
    do {
      try read(request, format, into: &batch)
    } catch {
      return call.reply(error is EventsBody.TooMany ? answer.tooMany : answer.problem(error))
    }
    guard !batch.entries.isEmpty else {
      let cookies = batch.taken > 0 ? batch.cookies : []
      return call.reply(answer.taken(batch.taken, batch.problems, batch.hints, cookies))
    }

    // 3. To Pub/Sub; the answer waits until it has all.
    publish(batch, call, answer)
  }

  // MARK: Steps

  private func refusal(
    of request: Request, _ origin: CrossOrigin.Verdict, _ answer: EventsAnswer
  ) -> Response? {
    guard request.method == .post else { return answer.postOnly }
    if case .refused = origin { return answer.unknownOrigin }
    guard keys.admit(request) else { return answer.keyNeeded }
    let length = request.bodyInPlace.range.count
    guard length <= EventsBody.maximumBytes else { return answer.tooLong }
    return waitingBytes > Self.maximumWaitingBytes ? answer.busy : nil
  }

  /// The result of a request.
  private struct Batch {
    var entries: [HitEntry] = []
    /// Which event of the body each entry is.
    var places: [Int] = []
    var bytes = 0
    /// Those in `entries`, and those that are not kept because their visitors said so.
    var taken = 0
    var problems: [(index: Int, problem: EventProblem)] = []
    var hints: [(index: Int, hint: EventHint)] = []
    var cookies: [(String, String)] = []
  }

  private func read(
    _ request: Request, _ format: BodyFormat, into batch: inout Batch
  ) throws {
    let defaults = try request.withQuery { query throws(EventProblem) in
      try EventDefault.read(query)
    }
    let common = privacy.signal(of: request)
    let now = Timestamp(nanosecondsSince1970: wallClockNanoseconds())
    var writer = EventWriter(
      request: request, now: now, defaults: defaults, signal: common,
      visitor: common == nil ? cookie?.visitor(of: request, newIDs: &ids) : nil)
    try request.withBody { body in
      let pieces: [EventsBody.Piece] =
        switch format {
        case .json, .lines: try EventsBody(body, isLines: format == .lines).pieces
        case .form: Self.form(body)
        }
      for (index, piece) in pieces.enumerated() {
        do throws(EventProblem) {
          switch piece {
          case .problem(let problem): throw problem
          case .object(let range):
            try take(body.extracting(range), index, format, &writer, into: &batch)
          }
        } catch {
          worker.count("event_\(error.rawValue)")
          batch.problems.append((index, error))
        }
      }
    }
    if let cookie = writer.visitor?.newCookie, !writer.sawSignal { batch.cookies = [cookie] }
  }

  private static func form(_ body: Span<UInt8>) -> [EventsBody.Piece] {
    let form = body.withoutMark(0..<body.count)
    return [form.isEmpty ? .problem(.empty) : .object(form)]
  }

  /// The facts that the events of one request have in common.
  private struct EventWriter {
    let request: Request
    let now: Timestamp
    let defaults: [EventDefault]
    let signal: PrivacySignal?
    let visitor: Visitor?
    /// The signal for which the writer of entries is ready; nil at first.
    var begun: PrivacySignal??
    var sawSignal = false
  }

  private func take(
    _ text: Span<UInt8>, _ index: Int, _ format: BodyFormat, _ writer: inout EventWriter,
    into batch: inout Batch
  ) throws(EventProblem) {
    guard batch.bytes < Self.maximumEntryBytes else { throw .tooLarge }
    event.removeAll()
    switch format {
    case .json, .lines: try event.append(json: text)
    case .form: try event.append(form: text)
    }
    event.append(defaults: writer.defaults)
    var query = event.query
    try check(query.bytes.span, index, writer, into: &batch)
    let said = writer.signal ?? privacy.signal(in: query.bytes.span, query: 0..<query.count)
    if let said {
      writer.sawSignal = true
      worker.count(privacy.noteLabel(said))
      guard privacy.signals != .drop else {
        batch.taken += 1
        return
      }
      query.removeAll()
      let whole = event.query
      query.append(query: 0..<whole.count, of: whole.bytes.span, without: privacy.personal)
    }
    if writer.begun != .some(said) {
      hits.begin(writer.request, at: writer.now, status: "204", signal: said)
      writer.begun = .some(said)
    }
    let visitor = said == nil ? writer.visitor?.id : nil
    let entry = hits.entry { target in
      target.append("/events?")
      if let visitor {
        target.append("visitor_id=")
        target.append(visitor.span)
        target.append(UInt8(ascii: "&"))
      }
      target.append(query.bytes.span)
    }
    batch.bytes += entry.bytes.count
    batch.taken += 1
    batch.entries.append(entry)
    batch.places.append(index)
  }

  /// Refuses an event that no contract would take, and looks for one that is more than one.
  private func check(
    _ query: Span<UInt8>, _ index: Int, _ writer: EventWriter, into batch: inout Batch
  ) throws(EventProblem) {
    let missing = required?.missing(in: query, hasVisitor: writer.visitor != nil)
    if required == nil || missing != nil, query.isEnvelope {
      batch.hints.append((index, .envelope))
    }
    guard let missing else { return }
    batch.hints.append((index, .missing(missing)))
    throw .missingRequired
  }

  private func publish(_ batch: Batch, _ call: Call, _ answer: EventsAnswer) {
    let bytes = batch.bytes
    waitingBytes += bytes
    let (taken, problems, hints, cookies) = (
      batch.taken, batch.problems, batch.hints, batch.cookies
    )
    let countdown = Countdown(batch.entries.count) { [self] failed in
      waitingBytes -= bytes
      guard !failed.isEmpty else {
        return call.reply(answer.taken(taken, problems, hints, cookies))
      }
      let lost = failed.map { (index: $0, problem: EventProblem.notPublished) }
      call.reply(
        answer.notPublished(
          taken - lost.count, (problems + lost).sorted { $0.index < $1.index }, hints, cookies))
    }
    let attributes = batch.entries.first?.attributes ?? []
    for (entry, place) in zip(batch.entries, batch.places) {
      publisher.publish(data: entry.bytes.bytes.span, attributes: attributes) { result in
        if case .success = result { countdown.settle() } else { countdown.settle(failed: place) }
      }
    }
  }
}

/// Waits for as many results as there are events.
private final class Countdown {
  private var left: Int
  private var failed: [Int] = []
  private let done: (_ failed: [Int]) -> Void

  init(_ count: Int, _ done: @escaping (_ failed: [Int]) -> Void) {
    left = count
    self.done = done
  }

  func settle(failed place: Int? = nil) {
    if let place { failed.append(place) }
    left -= 1
    if left == 0 { done(failed) }
  }
}
