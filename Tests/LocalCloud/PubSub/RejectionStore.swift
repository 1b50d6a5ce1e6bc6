// SPDX-License-Identifier: MIT

/// The messages of `pixel-rejected` and of the dead-letter topics, kept to be looked at: one JSON
/// object per line with `topic`, `publishTime`, `attributes` and `data` (base64).
package final class RejectionStore {
  private let file: LineFile
  private(set) var reasons: [String: Int] = [:]
  private(set) var topics: [String: Int] = [:]

  var count: Int { file.count }

  init(_ path: String) throws {
    file = try LineFile(path)
    for rejection in try rejections(0..<file.count) { count(rejection) }
  }

  private func count(_ rejection: JSON) {
    reasons[Self.reason(rejection), default: 0] += 1
    topics[rejection["topic"]?.string ?? "", default: 0] += 1
  }

  /// The code in the `reason` attribute; a message that Pub/Sub gave up has none.
  package static func reason(_ rejection: JSON) -> String {
    if let reason = rejection["attributes"]?["reason"]?.string { return reason }
    let deadLettered = rejection["attributes"]?["CloudPubSubDeadLetterSourceSubscription"] != nil
    return deadLettered ? "dead_letter" : "unknown"
  }

  func append(_ messages: [Message]) throws(LineFile.Failure) {
    let lines = messages.map(\.json)
    try file.append(lines.map(\.bytes))
    for line in lines { count(line) }
  }

  func rejections(_ range: Range<Int>) throws(LineFile.Failure) -> [JSON] {
    try file.lines(range).compactMap { try? JSON.parse($0) }
  }

  func removeAll() throws(LineFile.Failure) {
    try file.removeAll()
    (reasons, topics) = ([:], [:])
  }
}
