// SPDX-License-Identifier: MIT
import FunctionRuntime
import GoogleCloud

public struct PixelIngestSettings: Sendable {
  enum Mode: String, Sendable, CaseIterable {
    /// Each hit is published, and answered when Pub/Sub has it.
    case publish
    /// Each hit is answered at once: the platform's request log is the record.
    case log
  }

  let mode: Mode
  let paths: [PixelPath]
  let logsTopic: TopicName
  let publishTimeout: Duration
  let cloud: CloudSettings

  public init(_ reader: inout SettingsReader) {
    mode = reader.choice(
      "INGEST_MODE", default: Mode.publish,
      "publish: answer when Pub/Sub has the hit; log: the request log is the record")
    logsTopic = TopicName(
      reader.text("LOGS_TOPIC", default: "pixel-logs", "topic that hits are published to"),
      setting: "LOGS_TOPIC", &reader)
    let paths = reader.text(
      "PIXEL_PATHS", default: "/pixel.png,/pixel.gif", "paths that serve the pixel, with commas")
    self.paths = PixelPaths.parse(paths, &reader).map { PixelPath($0) }
    publishTimeout = reader.duration(
      "PUBLISH_TIMEOUT", default: "2s", in: .milliseconds(10)...(.seconds(60)),
      "a hit that is not published by then is answered 503")
    cloud = CloudSettings(&reader)
  }
}
