// SPDX-License-Identifier: MIT
import Foundation

/// Reads what a program writes to its log as Cloud Logging would, and finds the lines that the log sink
/// routes to the topic: those with the label `pixel` = `hit`.
///
/// How far the file has been read is kept beside the rows, so that a restart neither loses nor repeats.
final class LogFollower {
  /// The least that is read at a time is a whole line; the most is about this.
  private static let pieceBytes = 4 << 20

  let path: String
  private let place: String
  private let project: String
  private(set) var offset: UInt64

  init(_ path: String, folder: String, project: String) throws {
    self.path = path
    self.project = project
    try LineFile.makeFolder(folder)
    place = folder + "/" + path.split(separator: "/").joined(separator: "_")
    let kept = FileManager.default.contents(atPath: place)
    offset = kept.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) } ?? 0
  }

  /// The entries in the lines that have come since the last time, and where those lines end. They
  /// count as read when `keep` was called with that place.
  func read(at moment: Moment) throws -> (entries: [JSON], end: UInt64) {
    guard let file = FileHandle(forReadingAtPath: path) else { return ([], offset) }
    defer { try? file.close() }
    let size = try file.seekToEnd()
    // A file that has become shorter is a new one.
    if size < offset { offset = 0 }
    try file.seek(toOffset: offset)
    let piece = try file.read(upToCount: Self.pieceBytes) ?? Data()
    guard let last = piece.lastIndex(of: 0x0A) else { return ([], offset) }
    let lines = piece[..<last].split(separator: 0x0A)
    return (
      lines.compactMap { entry(Array($0), at: moment) },
      offset + UInt64(last - piece.startIndex) + 1
    )
  }

  func keep(_ end: UInt64) throws {
    guard end != offset else { return }
    try Data(String(end).utf8).write(to: URL(fileURLWithPath: place), options: .atomic)
    offset = end
  }

  /// The LogEntry that Cloud Logging makes of a structured line: the special fields become the
  /// entry's own, the rest is its payload. Nil for what the sink does not want.
  func entry(_ line: [UInt8], at moment: Moment) -> JSON? {
    guard let object = (try? JSON.parse(line))?.members,
      case .object(var labels)? = object[Self.field("labels")], labels["pixel"]?.string == "hit"
    else { return nil }
    labels["instanceId"] = "local"
    var payload = object
    for name in ["severity", "time", "httpRequest", Self.field("labels"), Self.field("insertId")] {
      payload[name] = nil
    }
    return [
      "insertId": object[Self.field("insertId")] ?? "", "jsonPayload": .object(payload),
      "httpRequest": object["httpRequest"] ?? [:],
      "resource": [
        "type": "cloud_run_revision",
        "labels": ["service_name": "pixel-ingest", "project_id": .string(project)],
      ],
      "timestamp": object["time"] ?? .string(moment.timestamp),
      "severity": object["severity"] ?? "DEFAULT", "labels": .object(labels),
      "logName": .string("projects/\(project)/logs/run.googleapis.com%2Fstdout"),
      "receiveTimestamp": .string(moment.timestamp),
    ]
  }

  private static func field(_ name: String) -> String { "logging.googleapis.com/" + name }
}
