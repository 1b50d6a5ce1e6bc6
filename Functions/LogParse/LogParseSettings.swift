// SPDX-License-Identifier: MIT
import Events
import FunctionRuntime
import GoogleCloud

public struct LogParseSettings: Sendable {
  /// Nil only if the settings have a problem, which stops the start.
  let contract: Contract?
  let pixelPaths: [String]
  let eventsTopic: TopicName
  let rejectedTopic: TopicName
  let authentication: PushAuthentication
  let cloud: CloudSettings

  public init(_ reader: inout SettingsReader) {
    contract = Self.contract(&reader)
    pixelPaths = PixelPaths.parse(
      reader.text(
        "PIXEL_PATHS", default: "/pixel.png,/pixel.gif",
        "paths whose requests are hits, with commas"),
      &reader)
    eventsTopic = TopicName(
      reader.text("EVENTS_TOPIC", default: "pixel-events", "topic that events are published to"),
      setting: "EVENTS_TOPIC", &reader)
    rejectedTopic = TopicName(
      reader.text(
        "REJECTED_TOPIC", default: "pixel-rejected", "topic for what can't become an event"),
      setting: "REJECTED_TOPIC", &reader)
    authentication = PushAuthentication(&reader)
    cloud = CloudSettings(&reader)
  }

  /// The contract's name is its file's, without `.json`.
  private static func contract(_ reader: inout SettingsReader) -> Contract? {
    let path = reader.requiredText(
      "CONTRACT", "BigQuery schema file that says which parameters become columns")
    guard !path.isEmpty else { return nil }
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let name = file.hasSuffix(".json") ? String(file.dropLast(5)) : file
    do {
      return try Contract(json: try readFile(path), name: name)
    } catch {
      reader.fail(
        SettingsError("CONTRACT is '\(path)', which is no BigQuery schema file. \(error)"))
      return nil
    }
  }
}
