// SPDX-License-Identifier: MIT
import Bytes

/// The facts in the URL of a push: Eventarc puts its mode into the query, and some subscriptions name the
/// topic in the path.
public struct PushTarget: Sendable {
  /// `projects/P/topics/T`
  public private(set) var topic: String?
  /// `?__GCP_CloudEventsMode=CE_PUBSUB_BINDING`: the message's `ce-` attributes are an event. Eventarc falls
  /// back to it when an attribute cannot be a header.
  public private(set) var isBinding = false
  /// Whether Eventarc made the subscription, so that Pub/Sub is the sender.
  public private(set) var isEventarc = false

  /// - Parameter target: Path and query, as sent.
  public init(_ target: Span<UInt8>) {
    guard target.count > 1 else { return }
    var pathEnd = 0
    while pathEnd < target.count, target[pathEnd] != UInt8(ascii: "?") { pathEnd &+= 1 }
    if pathEnd < target.count {
      var query = QueryString(pathEnd &+ 1..<target.count)
      while let parameter = query.next(in: target) {
        guard target.equals("__GCP_CloudEventsMode", at: parameter.name) else { continue }
        readMode(target, parameter.value)
      }
    }
    if topic == nil, pathEnd > 1, target[0] == UInt8(ascii: "/") {
      topic = Self.topic(target.string(1..<pathEnd))
    }
  }

  private mutating func readMode(_ target: Span<UInt8>, _ range: Range<Int>) {
    var writer = ByteWriter(capacity: range.count)
    writer.append(formDecoding: target, range)
    let mode = writer.bytes.span.string
    isEventarc = true
    isBinding = mode == "CE_PUBSUB_BINDING"
    let custom = "CUSTOM_PUBSUB_"
    if mode.hasPrefix(custom) { topic = Self.topic(String(mode.dropFirst(custom.count))) }
  }

  /// The topic that an event of `messagePublished` names as its source.
  public static func topic(ofSource source: String) -> String? {
    let host = "//pubsub.googleapis.com/"
    guard source.hasPrefix(host) else { return nil }
    return topic(String(source.dropFirst(host.count)))
  }

  /// The name, if it is one.
  private static func topic(_ name: String) -> String? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "projects", parts[2] == "topics", !parts[1].isEmpty,
      !parts[3].isEmpty
    else { return nil }
    return name
  }
}
