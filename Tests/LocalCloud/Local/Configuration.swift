// SPDX-License-Identifier: MIT
import Foundation

/// What a local cloud is made of.
public struct Configuration: Sendable {
  public var project = "local"
  /// Where rows, rejections and undelivered messages are kept.
  public var folder = ".local-cloud"
  public var dataset = "pixel"
  public var templates: [Template] = []
  /// Which topic is pushed where.
  public var pushes: [(topic: String, endpoint: String)] = []
  /// The address that is listened on, which `Host` may name.
  public var host = "127.0.0.1"
  /// Other names of this machine that `Host` may be.
  public var allowedHosts: [String] = []
  /// The programs of the pipeline, and where each says whether it is ready.
  public var stages: [(name: String, url: String)] = []
  /// Says what LogParse makes of an entry, for the page.
  public var judge: Judgement.Judge?
  /// Where the page sends hits for PixelIngest.
  public var ingestURL: String?
  /// The log of PixelIngest, whose lines for the sink are taken.
  public var followedLog: String?
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

  /// A table that others are made from.
  public struct Template: Sendable {
    public var table: String
    public var columns: [Column]
  }

  /// The template that a table with a suffix was made from.
  func template(of table: String) -> String? {
    templates.map(\.table).filter { table.hasPrefix($0) }.max { $0.count < $1.count }
  }

  /// The template tables of a contract: a schema file makes `table`, each one in a folder the table that
  /// has its name.
  public static func templates(contract path: String, table: String) throws(GoogleError)
    -> [Template]
  {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: path) else {
      return [Template(table: table, columns: try columns(contractFile: path))]
    }
    var templates: [Template] = []
    for file in files.sorted() where file.hasSuffix(".json") && !file.hasPrefix(".") {
      templates.append(
        Template(
          table: String(file.dropLast(5)), columns: try columns(contractFile: "\(path)/\(file)")))
    }
    guard !templates.isEmpty else { throw .invalid("The folder \(path) has no contract.") }
    return templates
  }

  /// The columns of a schema file, e.g. `infra/contracts/pixel.json`.
  static func columns(contractFile path: String) throws(GoogleError) -> [Column] {
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
