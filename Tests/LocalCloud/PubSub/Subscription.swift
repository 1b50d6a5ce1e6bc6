// SPDX-License-Identifier: MIT

/// Where the messages of a topic go, and by which rules.
public struct Subscription: Sendable, Equatable {
  /// The full name, `projects/P/subscriptions/S`.
  public var name: String
  public var topic: String
  public var endpoint: String
  public var ackDeadline: Duration
  public var retry: RetryPolicy
  public var deadLetter: DeadLetterPolicy?
  /// The body is the bare data, without an envelope.
  public var unwrapped = false
  /// With `unwrapped`: attributes and ids come as headers.
  public var writesMetadata = false

  public struct DeadLetterPolicy: Sendable, Equatable {
    public var topic: String
    public var maximumAttempts: Int

    public init(topic: String, maximumAttempts: Int) {
      (self.topic, self.maximumAttempts) = (topic, maximumAttempts)
    }
  }

  public init(
    name: String, topic: String, endpoint: String, ackDeadline: Duration = .seconds(10),
    retry: RetryPolicy = RetryPolicy(), deadLetter: DeadLetterPolicy? = nil
  ) {
    (self.name, self.topic, self.endpoint) = (name, topic, endpoint)
    (self.ackDeadline, self.retry, self.deadLetter) = (ackDeadline, retry, deadLetter)
  }
}

extension Subscription {
  /// Reads the resource that `subscriptions.create` takes and `json` writes.
  init(name: String, json: JSON.Members) throws(GoogleError) {
    guard let topic = json["topic"]?.string else {
      throw .badRequest("You have passed an empty argument to the service (argument=topic).")
    }
    guard let endpoint = json["pushConfig"]?["pushEndpoint"]?.string,
      endpoint.hasPrefix("http://") || endpoint.hasPrefix("https://")
    else { throw .unimplemented("local-cloud only pushes: pushConfig.pushEndpoint is needed.") }
    self.init(name: name, topic: topic, endpoint: endpoint)
    if json["enableMessageOrdering"]?.bool == true {
      throw .unimplemented("local-cloud does not keep messages in order.")
    }
    if let seconds = json["ackDeadlineSeconds"]?.integer, seconds != 0 {
      guard (10...600).contains(seconds) else {
        throw .badRequest("Invalid ack deadline: \(seconds). It must be 10 to 600 seconds.")
      }
      ackDeadline = .seconds(seconds)
    }
    if let policy = json["retryPolicy"] {
      retry.minimum = try Self.duration(policy["minimumBackoff"]) ?? .seconds(10)
      retry.maximum = try Self.duration(policy["maximumBackoff"]) ?? .seconds(600)
    }
    if let policy = json["deadLetterPolicy"], let target = policy["deadLetterTopic"]?.string {
      var attempts = policy["maxDeliveryAttempts"]?.integer ?? 0
      if attempts == 0 { attempts = 5 }
      guard (5...100).contains(attempts) else {
        throw .badRequest("Invalid max delivery attempts: \(attempts). It must be 5 to 100.")
      }
      deadLetter = DeadLetterPolicy(topic: target, maximumAttempts: attempts)
    }
    if let wrapper = json["pushConfig"]?["noWrapper"] {
      unwrapped = true
      writesMetadata = wrapper["writeMetadata"]?.bool ?? false
    }
  }

  /// `"3.5s"`, as Google's JSON writes durations.
  private static func duration(_ json: JSON?) throws(GoogleError) -> Duration? {
    guard let text = json?.string else { return nil }
    guard text.hasSuffix("s"), let seconds = Double(text.dropLast()), (0...600).contains(seconds)
    else { throw .badRequest("Invalid value at 'retryPolicy' (a duration of 0s to 600s): \(text)") }
    return .milliseconds(Int((seconds * 1_000).rounded()))
  }

  private static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    return milliseconds == 0 ? "\(seconds)s" : "\(seconds).\(milliseconds.padded(3))s"
  }

  var json: JSON {
    var push = JSON.Members([("pushEndpoint", .string(endpoint))])
    if unwrapped { push["noWrapper"] = ["writeMetadata": .bool(writesMetadata)] }
    let backoff: JSON = [
      "minimumBackoff": .string(Self.text(retry.minimum)),
      "maximumBackoff": .string(Self.text(retry.maximum)),
    ]
    var members = JSON.Members([
      ("name", .string(name)), ("topic", .string(topic)), ("pushConfig", .object(push)),
      ("ackDeadlineSeconds", JSON(ackDeadline.components.seconds)), ("retryPolicy", backoff),
      ("state", "ACTIVE"),
    ])
    if let deadLetter {
      members["deadLetterPolicy"] = [
        "deadLetterTopic": .string(deadLetter.topic),
        "maxDeliveryAttempts": JSON(deadLetter.maximumAttempts),
      ]
    }
    return .object(members)
  }
}
