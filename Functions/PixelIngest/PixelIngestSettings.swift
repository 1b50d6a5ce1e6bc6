// SPDX-License-Identifier: MIT
import GoogleCloud
import PixelModel
import Settings

public struct PixelIngestSettings: Sendable {
  enum Mode: String, Sendable, CaseIterable {
    /// Each hit is published, and answered when Pub/Sub has it.
    case publish
    /// Each hit is answered at once: the platform's request log is the record.
    case log
  }

  let mode: Mode
  let paths: [PixelPath]
  let trackerPaths: TrackerPaths
  let logsTopic: TopicName
  let publishTimeout: Duration
  let origins: CrossOrigin
  let writeKeys: WriteKeys
  let privacy: PrivacyPolicy
  /// How many front ends stand between the visitor and us.
  let forwardedHops: Int
  let cookie: VisitorCookie?
  /// The columns that LogParse's contract requires, if the contract is known.
  let required: RequiredColumns?
  let cloud: CloudSettings

  public init(_ reader: inout SettingsReader) {
    mode = reader.choice(
      "INGEST_MODE", default: Mode.publish,
      "publish: a hit is answered when Pub/Sub has it; log: at once, the request log is the record")
    logsTopic = TopicName(
      reader.text(
        "LOGS_TOPIC", default: "pixel-logs",
        "topic that hits are published to: a name, or projects/P/topics/T"),
      setting: "LOGS_TOPIC", &reader)
    let paths = reader.text(
      "PIXEL_PATHS", default: "/pixel.png,/pixel.gif", "paths that serve the pixel, with commas")
    let pixels = PixelPaths.parse(paths, &reader)
    self.paths = pixels.map { PixelPath($0) }
    trackerPaths = TrackerPaths(&reader, pixels: pixels)
    publishTimeout = reader.duration(
      "PUBLISH_TIMEOUT", default: "2s", in: .milliseconds(10)...(.seconds(60)),
      "a hit that is not published by then goes to the log, for the log sink (filter "
        + "labels.pixel=\"hit\"); a POST is answered 503")
    writeKeys = WriteKeys(&reader)
    privacy = PrivacyPolicy(&reader)
    forwardedHops = reader.integer(
      "FORWARDED_HOPS", default: 1, in: 0...10,
      "front ends that add to X-Forwarded-For: 1 on Cloud Run, 2 behind the load balancer, 0 without"
    )
    cookie = VisitorCookie(&reader)
    origins = CrossOrigin(&reader, allowsCredentials: cookie != nil)
    if cookie != nil, mode == .log {
      reader.fail(
        SettingsError(
          "ID_COOKIE is set with INGEST_MODE=log: a request log has no cookies, so publish is needed"
        ))
    }
    let contract = reader.optionalText(
      "CONTRACT",
      "LogParse's contract, a file or a folder: events that LogParse would reject since a required "
        + "column has no value are refused as missing_required")
    required = contract.flatMap { ContractSource($0).contracts(&reader) }
      .map { RequiredColumns($0) }
    cloud = CloudSettings(&reader)
  }
}
