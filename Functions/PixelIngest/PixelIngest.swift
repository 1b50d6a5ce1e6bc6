// SPDX-License-Identifier: MIT
import Bytes
import EventLoop
import Events
import FunctionRuntime
import GoogleCloud

/// Serves the pixel. In `publish` mode a hit is answered after Pub/Sub has it as a LogEntry; in `log`
/// mode at once, since the platform's request log is the record.
public final class PixelIngest {
  private let paths: [PixelPath]
  /// Nil in `log` mode.
  private let publisher: Publisher?
  private var hitEntry = HitEntry()

  private static let notFound = Response(status: 404, text: "There is no pixel at this path.")
  private static let wrongMethod = Response(
    status: 405, text: "The pixel takes GET and HEAD.", headers: [("Allow", "GET, HEAD")])

  public init(settings: PixelIngestSettings, worker: Worker) {
    paths = settings.paths
    if settings.mode == .publish { settings.cloud.warmUp(worker, for: settings.cloud.pubSub) }
    publisher =
      settings.mode == .log
      ? nil
      : Publisher(
        worker: worker, cloud: settings.cloud, topic: settings.logsTopic,
        timeout: settings.publishTimeout)
  }

  public func handle(_ request: Request, _ call: Call) {
    guard let index = pixelPath(of: request) else { return call.reply(Self.notFound) }
    guard request.method == .get || request.method == .head else {
      return call.reply(Self.wrongMethod)
    }
    guard let publisher else { return call.reply(paths[index].image) }
    let path = paths[index]
    publish(request, by: publisher) { accepted in
      call.reply(accepted ? path.image : path.notAccepted)
    }
  }

  /// Which of the paths it asks for; not the path itself, since to copy its images counts references.
  private func pixelPath(of request: Request) -> Int? {
    request.withPath { path in
      paths.firstIndex { path.equals($0.path.span, at: 0..<path.count) }
    }
  }

  private func publish(
    _ request: Request, by publisher: Publisher, _ completion: @escaping (Bool) -> Void
  ) {
    let now = Timestamp(nanosecondsSince1970: wallClockNanoseconds())
    var stamp = ByteWriter(capacity: 32)
    stamp.append(rfc3339: now)
    // The attribute that a log sink gives each message.
    let attributes: [(name: StaticString, value: String)] = [
      ("logging.googleapis.com/timestamp", stamp.bytes.span.string)
    ]
    hitEntry.write(request, at: now) { entry in
      publisher.publish(data: entry, attributes: attributes) { result in
        if case .success = result { completion(true) } else { completion(false) }
      }
    }
  }
}
