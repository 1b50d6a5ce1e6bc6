// SPDX-License-Identifier: MIT
import Foundation
import Testing

@testable import LocalCloud

@Suite struct PubSubTests {
  private let scratch = Scratch()
  private let start = Moment(uptime: .seconds(100), unix: 1_767_323_045_678_901)
  private let topic = "projects/local/topics/logs"
  private let name = "projects/local/subscriptions/logs-push"

  /// A broker with one topic that is pushed and has a dead-letter topic.
  private func broker() throws -> PubSubBroker {
    let broker = try PubSubBroker(folder: scratch.path, project: "local", at: start)
    let dead = topic + "-dead"
    if broker.topics[topic] == nil { try broker.createTopic(topic) }
    try broker.createRejectionTopic(dead)
    try broker.setSubscription(
      Subscription(
        name: name, topic: topic, endpoint: "http://localhost:1/",
        deadLetter: .init(topic: dead, maximumAttempts: 5)))
    return broker
  }

  private func call(_ broker: PubSubBroker, _ method: String, _ path: String, _ body: String = "")
    throws -> (status: Int, body: JSON)
  {
    let answer = PubSubAPI(broker: broker).answer(
      APIRequest(method, "/v1/projects/local/" + path, body: Array(body.utf8)), at: start)
    return (answer.status, try JSON.parse(answer.body))
  }

  private func message(_ push: PushRequest) throws -> JSON {
    try #require(try JSON.parse(push.body)["message"])
  }

  @Test func `a push is Google's envelope with both spellings`() throws {
    let broker = try broker()
    let answer = try call(
      broker, "POST", "topics/logs:publish",
      #"{"messages":[{"data":"aGVsbG8=","attributes":{"k":"v \"é\""}}]}"#)
    let id = try #require(answer.body["messageIds"]?.array?.first?.string)
    let push = try #require(broker.pushes(at: start.uptime).first)
    #expect(push.endpoint == "http://localhost:1/")
    #expect(
      String(decoding: push.body, as: UTF8.self)
        == #"{"message":{"attributes":{"k":"v \"é\""},"data":"aGVsbG8=","messageId":"\#(id)","#
        + #""message_id":"\#(id)","publishTime":"2026-01-02T03:04:05.678Z","#
        + #""publish_time":"2026-01-02T03:04:05.678Z"},"subscription":"\#(name)","#
        + #""deliveryAttempt":1}"#)
  }

  @Test func `without a dead-letter policy there is no delivery attempt`() throws {
    let broker = try broker()
    try broker.setSubscription(Subscription(name: name, topic: topic, endpoint: "http://x/"))
    try broker.publish([Message(payload: [1], attributes: [:])], to: topic, at: start)
    let push = try #require(broker.pushes(at: start.uptime).first)
    #expect(try JSON.parse(push.body)["deliveryAttempt"] == nil)
    #expect(try message(push)["attributes"] == nil)
  }

  @Test func `unwrapped pushes are the data, with what can be a header as headers`() throws {
    let broker = try broker()
    var subscription = Subscription(name: name, topic: topic, endpoint: "http://x/")
    (subscription.unwrapped, subscription.writesMetadata) = (true, true)
    try broker.setSubscription(subscription)
    let attributes = ["ce-id": "1", "co:lon": "x", "bad": "a\r\nX-Evil: 1"]
    try broker.publish([Message(payload: [0, 255], attributes: attributes)], to: topic, at: start)
    let push = try #require(broker.pushes(at: start.uptime).first)
    #expect(push.body == [0, 255])
    #expect(
      push.headers.map(\.name) == [
        "ce-id", "x-goog-pubsub-subscription-name", "x-goog-pubsub-message-id",
        "x-goog-pubsub-publish-time",
      ])
  }

  @Test(arguments: [102, 200, 201, 202, 204])
  func `a status that acknowledges ends the message`(_ status: Int) throws {
    let broker = try broker()
    try broker.publish([Message(payload: [1], attributes: [:])], to: topic, at: start)
    let push = try #require(broker.pushes(at: start.uptime).first)
    try broker.answered(name, push.token, status: status, at: start)
    #expect(broker.queues[name]?.count == 0)
  }

  @Test(arguments: [nil, 203, 206, 301, 304, 400, 401, 404, 429, 500, 503])
  func `every other status and none brings it again`(_ status: Int?) throws {
    let broker = try broker()
    try broker.publish([Message(payload: [1], attributes: [:])], to: topic, at: start)
    let push = try #require(broker.pushes(at: start.uptime).first)
    try broker.answered(name, push.token, status: status, at: start)
    let again = try #require(broker.pushes(at: start.uptime + .seconds(1)).first)
    #expect(try message(again)["messageId"] == message(push)["messageId"])
    #expect(try JSON.parse(again.body)["deliveryAttempt"]?.integer == 2)
  }

  @Test func `after the last attempt the message lies with the dead letters`() throws {
    let broker = try broker()
    try broker.publish([Message(payload: [7], attributes: ["a": "b"])], to: topic, at: start)
    var moment = start
    for _ in 1...5 {
      moment = moment.after(.seconds(20))
      let push = try #require(broker.pushes(at: moment.uptime).first)
      try broker.answered(name, push.token, status: 500, at: moment)
    }
    #expect(broker.queues[name]?.count == 0)
    let kept = try #require(try broker.rejections.rejections(0..<9).first)
    #expect(kept["data"]?.string == "Bw==")
    #expect(kept["topic"]?.string == topic + "-dead")
    #expect(
      kept["attributes"]?.text
        == #"{"CloudPubSubDeadLetterSourceDeliveryCount":"5","#
        + #""CloudPubSubDeadLetterSourceSubscription":"logs-push","#
        + #""CloudPubSubDeadLetterSourceSubscriptionProject":"local","#
        + #""CloudPubSubDeadLetterSourceTopicPublishTime":"2026-01-02T03:04:05.678Z","a":"b"}"#)
    #expect(broker.rejections.reasons == ["dead_letter": 1])
  }

  @Test func `what was not acknowledged is pushed again after a restart, and nothing else`() throws
  {
    do {
      let broker = try broker()
      for byte in UInt8(0)..<10 {
        try broker.publish([Message(payload: [byte], attributes: [:])], to: topic, at: start)
      }
      // The window opens by one with each acknowledgement.
      for _ in 0..<2 {
        for push in broker.pushes(at: start.uptime) {
          try broker.answered(name, push.token, status: 204, at: start)
        }
      }
    }
    for _ in 0..<2 {
      let broker = try broker()
      #expect(broker.queues[name]?.count == 7)
      let first = try #require(broker.pushes(at: start.uptime).first)
      #expect(try message(first)["data"]?.string == "Aw==")
      #expect(broker.topics.count == 2)
    }
  }

  @Test func `a journal line that a crash has cut off costs that line only`() throws {
    do {
      let broker = try broker()
      try broker.publish([Message(payload: [1], attributes: [:])], to: topic, at: start)
    }
    let path = scratch.path + "/journal.ndjson"
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data(#"{"message":{"id":"99","topic":"proj"#.utf8))
    try file.close()
    #expect(try broker().queues[name]?.count == 1)
  }

  @Test func `message ids grow, over restarts too`() throws {
    var last: Message.ID = 0
    for _ in 0..<3 {
      let broker = try broker()
      let ids = try broker.publish(
        [Message(payload: [1], attributes: [:]), Message(payload: [2], attributes: [:])],
        to: topic, at: start)
      #expect(ids[0] > last && ids[1] > ids[0])
      last = ids[1]
    }
  }

  @Test func `a rejection keeps its bytes and is counted by its reason`() throws {
    let broker = try broker()
    try broker.createRejectionTopic("projects/local/topics/rejected")
    _ = try call(
      broker, "POST", "topics/rejected:publish",
      #"{"messages":[{"data":"/w==","attributes":{"reason":"entry_not_json"}}]}"#)
    #expect(broker.rejections.reasons == ["entry_not_json": 1])
    #expect(try RejectionStore(scratch.path + "/rejections.ndjson").reasons["entry_not_json"] == 1)
  }

  @Test(arguments: [
    (#"{"messages":[{"data":"eA"}]}"#, 400), (#"{"messages":[{"data":"+/8="}]}"#, 200),
    (#"{"messages":[{"data":"-_8="}]}"#, 200), (#"{"messages":[{"data":5}]}"#, 400),
    (#"{"messages":[{}]}"#, 400), (#"{"messages":[{"data":""}]}"#, 400),
    (#"{"messages":[{"attributes":{"a":"b"}}]}"#, 200), (#"{"messages":[]}"#, 400), ("", 400),
    (#"{"messages":[{"data":"eA==","messageId":"1"}]}"#, 400), (#"{"message":[]}"#, 400),
    (#"{"messages":[{"attributes":{"a":1}}]}"#, 400),
    (#"{"messages":[{"attributes":{"googclient_x":"1"}}]}"#, 400),
    (#"{"messages":[{"data":"eA==","orderingKey":"a"},{"data":"eA=="}]}"#, 400),
  ])
  func `each publish request has its status`(_ body: String, _ status: Int) throws {
    #expect(try call(try broker(), "POST", "topics/logs:publish", body).status == status)
  }

  @Test(arguments: [(1_000, 1, 200), (1_001, 1, 400), (1, 10_000_000, 200), (1, 10_000_001, 400)])
  func `a publish request may have a thousand messages and ten megabytes`(
    _ messages: Int, _ size: Int, _ status: Int
  ) throws {
    let data = Data(count: size).base64EncodedString()
    let one = #"{"data":"\#(data)"}"#
    let all = [String](repeating: one, count: messages).joined(separator: ",")
    let answer = try call(try broker(), "POST", "topics/logs:publish", #"{"messages":[\#(all)]}"#)
    #expect(answer.status == status)
  }

  @Test(arguments: [
    ("POST", "topics/none:publish", #"{"messages":[{"data":"eA=="}]}"#, 404),
    ("PUT", "topics/logs", "", 409), ("PUT", "topics/more", "{}", 200),
    ("PUT", "topics/9x", "", 400),
    ("GET", "topics/logs", "", 200), ("GET", "topics/none", "", 404), ("GET", "topics", "", 200),
    ("GET", "subscriptions/logs-push", "", 200), ("GET", "subscriptions/none", "", 404),
    ("DELETE", "subscriptions/logs-push", "", 200), ("GET", "subscriptions", "", 200),
    (
      "PUT", "subscriptions/logs-push", #"{"topic":"t","pushConfig":{"pushEndpoint":"http://x/"}}"#,
      409
    ),
    ("PUT", "subscriptions/two", #"{"topic":"projects/local/topics/logs"}"#, 501),
    (
      "PUT", "subscriptions/two",
      #"{"topic":"projects/local/topics/none","pushConfig":{"pushEndpoint":"http://x/"}}"#, 404
    ),
    (
      "PUT", "subscriptions/two",
      #"{"topic":"projects/local/topics/logs","pushConfig":{"pushEndpoint":"http://x/"},"#
        + #""ackDeadlineSeconds":5}"#, 400
    ),
    (
      "PUT", "subscriptions/two",
      #"{"topic":"projects/local/topics/logs","pushConfig":{"pushEndpoint":"http://x/"},"#
        + #""ackDeadlineSeconds":60,"retryPolicy":{"minimumBackoff":"0.5s"}}"#, 200
    ), ("POST", "subscriptions/logs-push:pull", "{}", 501), ("GET", "snapshots/x", "", 404),
  ])
  func `each administrative call has its status`(
    _ method: String, _ path: String, _ body: String, _ status: Int
  ) throws {
    #expect(try call(try broker(), method, path, body).status == status)
  }

  @Test func `a subscription reads back as it was made`() throws {
    let broker = try broker()
    let made = try call(
      broker, "PUT", "subscriptions/two",
      #"{"topic":"\#(topic)","pushConfig":{"pushEndpoint":"http://x/"},"ackDeadlineSeconds":60,"#
        + #""retryPolicy":{"minimumBackoff":"0.5s","maximumBackoff":"7s"},"#
        + #""deadLetterPolicy":{"deadLetterTopic":"\#(topic)-dead","maxDeliveryAttempts":9}}"#)
    let read = try call(broker, "GET", "subscriptions/two").body
    #expect(read == made.body)
    #expect(read["retryPolicy"]?["minimumBackoff"]?.string == "0.500s")
    #expect(read["deadLetterPolicy"]?["maxDeliveryAttempts"]?.integer == 9)
    #expect(read["ackDeadlineSeconds"]?.integer == 60)
  }
}
