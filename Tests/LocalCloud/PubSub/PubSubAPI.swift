// SPDX-License-Identifier: MIT
import HTTPServer

/// Pub/Sub's REST paths over the broker.
struct PubSubAPI {
  let broker: PubSubBroker

  func answer(_ request: APIRequest, at moment: Moment) -> APIResponse {
    do {
      return .json(try route(request, at: moment))
    } catch {
      return .error(error)
    }
  }

  private func route(_ request: APIRequest, at moment: Moment) throws(GoogleError) -> JSON {
    // v1/projects/P/(topics|subscriptions)[/NAME[:verb]]
    let path = request.segments
    guard path.count == 4 || path.count == 5, path[0] == "v1", path[1] == "projects" else {
      throw Self.noMethod(request)
    }
    let parent = "projects/\(path[2])"
    guard path.count == 5 else {
      switch (request.method, path[3]) {
      case ("GET", "topics"): return topicList(parent)
      case ("GET", "subscriptions"): return subscriptionList(parent)
      default: throw Self.noMethod(request)
      }
    }
    let parts = path[4].split(separator: ":", maxSplits: 1).map(String.init)
    guard let short = parts.first else { throw Self.noMethod(request) }
    let name = "\(parent)/\(path[3])/\(short)"
    let verb = parts.count > 1 ? parts[1] : ""
    switch (request.method, path[3], verb) {
    case ("POST", "topics", "publish"): return try publish(request, to: name, at: moment)
    case ("PUT", "topics", ""):
      try Self.check(short)
      try broker.createTopic(name)
      return ["name": .string(name)]
    case ("GET", "topics", ""):
      guard broker.topics[name] != nil else { throw PubSubBroker.missing(name) }
      return ["name": .string(name)]
    case ("PUT", "subscriptions", ""): return try createSubscription(name, short, request)
    case ("GET", "subscriptions", ""):
      guard let subscription = broker.subscriptions[name] else {
        throw PubSubBroker.missing(name)
      }
      return subscription.json
    case ("DELETE", "subscriptions", ""):
      try broker.deleteSubscription(name)
      return [:]
    case ("POST", "subscriptions", "pull"), ("POST", "subscriptions", "acknowledge"):
      throw .unimplemented("local-cloud only pushes.")
    default: throw Self.noMethod(request)
    }
  }

  private static func noMethod(_ request: APIRequest) -> GoogleError {
    GoogleError(404, "NOT_FOUND", "Method not found: \(request.method) \(request.path)")
  }

  /// Names have 3 to 255 characters, begin with a letter, and do not begin with `goog`.
  private static func check(_ short: String) throws(GoogleError) {
    let allowed = short.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-._~+%".utf8.contains(byte)
    }
    let begins = short.first.map { $0.isASCII && $0.isLetter } ?? false
    guard allowed, begins, (3...255).contains(short.utf8.count), !short.hasPrefix("goog") else {
      throw .badRequest("Invalid resource name given (name=\(short)).")
    }
  }

  private func publish(_ request: APIRequest, to topic: String, at moment: Moment)
    throws(GoogleError) -> JSON
  {
    let body = try PublishRequest(body: request.body)
    let ids = try broker.publish(body.messages, to: topic, at: moment)
    return ["messageIds": .array(ids.map { .string(String($0)) })]
  }

  private func createSubscription(_ name: String, _ short: String, _ request: APIRequest)
    throws(GoogleError) -> JSON
  {
    try Self.check(short)
    guard broker.subscriptions[name] == nil else {
      throw PubSubBroker.exists(name)
    }
    let subscription = try Subscription(name: name, json: try request.object())
    try broker.setSubscription(subscription)
    return subscription.json
  }

  private func topicList(_ parent: String) -> JSON {
    let names = broker.topics.keys.filter { $0.hasPrefix(parent + "/") }.sorted()
    return ["topics": .array(names.map { ["name": .string($0)] })]
  }

  private func subscriptionList(_ parent: String) -> JSON {
    let all = broker.subscriptions.values.filter { $0.name.hasPrefix(parent + "/") }
    return ["subscriptions": .array(all.sorted { $0.name < $1.name }.map(\.json))]
  }
}
