// SPDX-License-Identifier: MIT
import Foundation

/// What a local cloud is made of.
public struct Configuration: Sendable {
  public var project = "local"
  /// Where rows, rejections and undelivered messages are kept.
  public var folder = ".local-cloud"
  public var dataset = "pixel"
  /// The template table.
  public var table = "pixel"
  public var columns: [Column] = []
  /// Which topic is pushed where.
  public var pushes: [(topic: String, endpoint: String)] = []
  /// Where the page sends hits for PixelIngest.
  public var ingestURL: String?
  /// Where API requests are written down.
  public var recordFile: String?
  /// Refuse API requests without a token; those with a wrong one are always refused.
  public var requireToken = false
  public var ackDeadline = Duration.seconds(60)
  public var retry = RetryPolicy()
  /// How often a message is pushed before it moves to its dead-letter topic.
  public var maximumAttempts = 100
  public var maximumOutstanding = 128

  public static let logsTopic = "pixel-logs"
  public static let eventsTopic = "pixel-events"
  public static let rejectedTopic = "pixel-rejected"
  public static let deadLetterSuffix = "-dead"

  public init() {}

  /// The columns of a schema file, e.g. `infra/contracts/pixel.json`.
  public static func columns(contractFile path: String) throws(GoogleError) -> [Column] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .invalid("The contract \(path) cannot be read.")
    }
    let json: JSON
    do {
      json = try JSON.parse(data)
    } catch {
      throw .invalid(
        "The contract \(path) is not JSON: \(error.problem) at byte \(error.offset).")
    }
    return try Column.columns(from: json)
  }
}
