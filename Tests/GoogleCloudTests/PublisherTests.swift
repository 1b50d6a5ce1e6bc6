// SPDX-License-Identifier: MIT
import EventLoop
import Foundation
import HTTPServer
import ServerSupport
import Settings
import Testing

@testable import FunctionRuntime
@testable import GoogleCloud

/// A publisher on a loop of its own, and what became of each message.
final class RunningPublisher: @unchecked Sendable {
  let thread: LoopThread
  private var worker: Worker?
  private var publisher: Publisher?

  convenience init(
    _ fake: FakePubSub, emulator: Bool = true, timeout: Duration = .seconds(10),
    project: String? = "p"
  ) throws {
    var environment = ["GCE_METADATA_HOST": fake.host, "GOOGLE_CLOUD_PROJECT": project ?? ""]
    environment[emulator ? "PUBSUB_EMULATOR_HOST" : "PUBSUB_ENDPOINT"] = "http://\(fake.host)"
    try self.init(environment, timeout: timeout)
  }

  init(_ environment: [String: String], timeout: Duration = .seconds(10)) throws {
    thread = try LoopThread()
    var reader = SettingsReader(environment: environment)
    let cloud = CloudSettings(&reader)
    let topic = TopicName("pixel-logs", setting: "T", &reader)
    let settings = RuntimeSettings(&reader)
    try reader.check()
    (worker, publisher) = thread.run { loop in
      let log = Log(loop: loop, format: .json, level: .critical, service: "test", version: "0")
      let worker = Worker(
        index: 0, loop: loop, log: log, settings: settings, load: ProcessLoad(), userAgent: "test")
      return (
        worker, Publisher(caller: worker.cloudCaller, cloud: cloud, topic: topic, timeout: timeout)
      )
    }
  }

  deinit {
    thread.run { [self] _ in
      publisher = nil
      worker = nil
    }
    thread.stop()
  }

  /// Publishes all in one turn of the loop; for each, in order, whether it was published.
  func publish(_ data: [String]) -> [Bool] {
    thread.wait { [self] _, done in
      var results = [Bool?](repeating: nil, count: data.count)
      var open = data.count
      for (index, text) in data.enumerated() {
        publisher?.publish(data: Array(text.utf8).span) { result in
          #expect(results[index] == nil, "told twice")
          if case .success = result { results[index] = true } else { results[index] = false }
          open -= 1
          if open == 0 { done(results.compactMap { $0 }) }
        }
      }
    }
  }
}

@Suite struct PublisherTests {
  private func messages(_ count: Int) -> [String] { (0..<count).map { "m\($0)" } }

  @Test func `what comes in one turn of the loop shares a request`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    let publisher = try RunningPublisher(fake)
    #expect(publisher.publish(messages(100)) == Array(repeating: true, count: 100))
    let publishes = fake.publishes
    #expect(publishes.map(\.data) == [messages(100)])
    #expect(publishes.map(\.path) == ["/v1/projects/p/topics/pixel-logs:publish"])
    #expect(publishes.map(\.authorization) == [nil])
  }

  @Test func `more than a request holds goes in several`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    let publisher = try RunningPublisher(fake)
    #expect(publisher.publish(messages(2500)).allSatisfy { $0 })
    #expect(fake.publishes.map(\.data.count).sorted() == [500, 1000, 1000])
    #expect(Set(fake.publishes.flatMap(\.data)) == Set(messages(2500)))
  }

  @Test func `more than may be under way waits its turn`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    let publisher = try RunningPublisher(fake)
    #expect(publisher.publish(messages(9500)).allSatisfy { $0 })
    #expect(Set(fake.publishes.flatMap(\.data)).count == 9500)
    #expect(fake.server.onLoop { $0.counters.accepted } <= Publisher.maxRequests)
  }

  @Test func `what may pass is sent again until it does`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    fake.set { $0.faults = [503, 500, 429] }
    let publisher = try RunningPublisher(fake)
    #expect(publisher.publish(messages(3)) == [true, true, true])
    #expect(fake.publishes.map(\.data) == Array(repeating: messages(3), count: 4))
  }

  @Test func `what will not pass fails at once`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    fake.set { $0.faults = [404] }
    let publisher = try RunningPublisher(fake)
    #expect(publisher.publish(messages(2)) == [false, false])
    #expect(publisher.publish(messages(2)) == [true, true])
  }

  @Test func `one bad message does not take the good ones along`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    fake.set { $0.poison = "m5" }
    let publisher = try RunningPublisher(fake)
    #expect(publisher.publish(messages(20)) == (0..<20).map { $0 != 5 })
    let good = fake.publishes.filter { !$0.data.contains("m5") }.flatMap(\.data)
    #expect(good.sorted() == messages(20).filter { $0 != "m5" }.sorted())
  }

  @Test func `a service that does not answer is a failure when the time is over`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    fake.set { $0.hangs = true }
    let publisher = try RunningPublisher(fake, timeout: .milliseconds(200))
    // More than can be under way: what could not even be sent fails as well.
    for _ in 0..<2 { #expect(publisher.publish(messages(6500)).allSatisfy { !$0 }) }
    fake.set { $0.hangs = false }
    #expect(publisher.publish(messages(3)) == [true, true, true])
  }

  @Test func `a service that only fails is a failure when the time is over`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    fake.set { $0.faults = Array(repeating: 503, count: 10_000) }
    let publisher = try RunningPublisher(fake, timeout: .milliseconds(300))
    let start = Instant.read()
    #expect(publisher.publish(messages(3)) == [false, false, false])
    #expect(Instant.read() - start < .seconds(2))
    #expect(fake.publishes.count > 1)
  }

  @Test func `a token is fetched once, and the project with it`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    let publisher = try RunningPublisher(fake, emulator: false, project: nil)
    for _ in 0..<5 { #expect(publisher.publish(messages(2)) == [true, true]) }
    #expect(fake.publishes.allSatisfy { $0.authorization == "Bearer token-1" })
    #expect(fake.publishes.allSatisfy { $0.path.contains("/projects/my-project/") })
    #expect(fake.state.withLock { ($0.tokens) } == 1)
    #expect(fake.state.withLock { ($0.projects) } == 1)
  }

  @Test func `a token that is refused is replaced once, and the messages go again`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    let publisher = try RunningPublisher(fake, emulator: false)
    #expect(publisher.publish(messages(1)) == [true])
    fake.set { $0.goodToken = "token-2" }
    #expect(publisher.publish(messages(3)) == [true, true, true])
    #expect(
      fake.publishes.map(\.authorization).compactMap { $0 } == [
        "Bearer token-1", "Bearer token-1", "Bearer token-2",
      ])
    #expect(fake.state.withLock { $0.tokens } == 2)
  }

  @Test func `a message over Pub Sub's limit fails alone`() throws {
    let fake = try FakePubSub()
    defer { fake.server.stop() }
    let publisher = try RunningPublisher(fake)
    let large = String(repeating: "x", count: PublishBatch.maxBytes + 1)
    #expect(publisher.publish(["a", large, "b"]) == [true, false, true])
    #expect(fake.publishes.flatMap(\.data) == ["a", "b"])
  }
}
