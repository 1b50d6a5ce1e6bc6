// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import FunctionRuntime
import GoogleCloud
import HTTPServer
import PixelModel

/// Takes hits and events, decides about privacy, and publishes the rest as LogEntries.
///
/// | request | answer |
/// |---|---|
/// | `GET`, `HEAD` of a pixel path | the image, once Pub/Sub or the log sink has the hit; at once in `log` mode |
/// | `POST` of `EVENTS_PATH` | 204 once Pub/Sub has all events: `EventsEndpoint` |
/// | `GET`, `HEAD` of `TRACKER_PATH` | the tracker |
public final class PixelIngestFunction {
  private let worker: Worker
  private let paths: [PixelPath]
  private let isPublishing: Bool
  private let publisher: Publisher
  private let privacy: PrivacyPolicy
  private let cookie: VisitorCookie?
  private let events: EventsEndpoint
  private let eventPaths: [[UInt8]]
  private let trackerPaths: [[UInt8]]
  /// Made when the first page asks: an instance that serves the pixel alone does not wait for them at its start.
  private lazy var trackers = settings.trackerPaths.tracker.map { Tracker(at: $0, settings) }
  private let settings: PixelIngestSettings
  private var hits: HitWriter
  private var ids = InsertIDs()
  private var publishing = PublishBreaker()

  private static let notFound = Response(status: 404, text: "There is no pixel at this path.")
  private static let wrongMethod = Response(
    status: 405, text: "The pixel takes GET and HEAD.", headers: [("Allow", "GET, HEAD")])

  public init(settings: PixelIngestSettings, worker: Worker) {
    self.worker = worker
    self.settings = settings
    paths = settings.paths
    isPublishing = settings.mode == .publish
    privacy = settings.privacy
    cookie = settings.cookie
    // In log mode no hit waits for Pub/Sub; only a POST does.
    if isPublishing { settings.cloud.warmUp(worker, for: settings.cloud.pubSub) }
    publisher = Publisher(
      caller: worker.cloudCaller, cloud: settings.cloud, topic: settings.logsTopic,
      timeout: settings.publishTimeout)
    hits = HitWriter(privacy: settings.privacy, hops: settings.forwardedHops)
    events = EventsEndpoint(settings: settings, worker: worker, publisher: publisher)
    eventPaths = settings.trackerPaths.events.map { Array($0.utf8) }
    trackerPaths = settings.trackerPaths.tracker.map { Array($0.utf8) }
  }

  public func handle(_ request: Request, _ call: Call) {
    guard let index = pixelPath(of: request) else { return handleOther(request, call) }
    guard request.method == .get || request.method == .head else {
      // A pixel path may be the same as another one with other methods.
      return handleOther(request, call, otherwise: Self.wrongMethod)
    }
    guard isPublishing else { return call.reply(paths[index].image) }
    hit(request, call, paths[index])
  }

  private func handleOther(
    _ request: Request, _ call: Call, otherwise: Response = PixelIngestFunction.notFound
  ) {
    let other = request.withPath { path -> Other? in
      if eventPaths.contains(where: { path.equals($0.span) }) { return .events }
      return trackerPaths.firstIndex { path.equals($0.span) }.map { .tracker($0) }
    }
    switch other {
    case .events: events.handle(request, call)
    case .tracker(let index): call.reply(trackers[index].response(to: request))
    case nil: call.reply(otherwise)
    }
  }

  private enum Other {
    case events
    case tracker(Int)
  }

  /// Which of the paths it asks for; not the path itself, since to copy its images counts references.
  private func pixelPath(of request: Request) -> Int? {
    request.withPath { path in
      // By index: an iterator would copy each path with its images, a tenth of the request's instructions.
      for index in paths.indices {
        let candidate = paths[index].path
        if path.equals(candidate.span, at: 0..<path.count) { return index }
      }
      return nil
    }
  }

  // MARK: A hit, step by step

  private func hit(_ request: Request, _ call: Call, _ path: PixelPath) {
    // 1. The visitor's privacy signal.
    let signal = privacy.signal(of: request)
    if let signal {
      worker.count(privacy.noteLabel(signal))
      if privacy.signals == .drop { return call.reply(path.image) }
    }

    // 2. The visitor's id, if a cookie is asked for.
    let visitor = signal == nil ? cookie?.visitor(of: request, newIDs: &ids) : nil
    let image = visitor?.newCookie.map { path.image(with: $0) } ?? path.image

    // 3. The entry.
    let now = Timestamp(nanosecondsSince1970: wallClockNanoseconds())
    hits.begin(request, at: now, status: "200", signal: signal)
    let entry = hits.entry { writer in
      request.withPathAndQuery { target in
        writer.append(target: target, visitor: visitor?.id, signal == nil ? nil : privacy.personal)
      }
    }

    // 4. To Pub/Sub, or to the log sink while Pub/Sub does not answer.
    guard publishing.take(at: worker.loop.now) else { return deliver(entry, call, path, image) }
    publisher.publish(data: entry.bytes.bytes.span, attributes: entry.attributes) { [self] result in
      let isPublished = if case .success = result { true } else { false }
      publishing.settled(isPublished, at: worker.loop.now)
      isPublished ? call.reply(image) : deliver(entry, call, path, image)
    }
  }

  /// The other route: a line that the log sink routes to the same topic.
  private func deliver(_ entry: HitEntry, _ call: Call, _ path: PixelPath, _ image: Response) {
    var line = ByteWriter(capacity: entry.bytes.count + 256)
    line.append(line: entry)
    guard line.count <= HitEntry.maximumLineBytes, worker.log.deliver(line: line.bytes.span) else {
      return call.reply(path.notAccepted)
    }
    worker.count("hit_to_log")
    call.reply(image)
  }
}
