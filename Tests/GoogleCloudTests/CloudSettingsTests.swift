// SPDX-License-Identifier: MIT
import Settings
import Testing

@testable import GoogleCloud

@Suite struct CloudSettingsTests {
  private func settings(_ environment: [String: String]) -> (CloudSettings, String?) {
    var reader = SettingsReader(environment: environment)
    let settings = CloudSettings(&reader, usesBigQuery: true)
    do throws(SettingsError) {
      try reader.check()
      return (settings, nil)
    } catch {
      return (settings, error.description)
    }
  }

  @Test(arguments: [
    "https://pubsub.googleapis.com", "https://europe-west1-pubsub.googleapis.com:443/x",
    "http://localhost", "http://localhost:8085", "http://127.0.0.1:1/x", "http://127.255.0.9",
    "http://[::1]", "http://[::1]:80/",
  ])
  func `a token may go to`(_ url: String) { #expect(Endpoint.mayCarryToken(url)) }

  @Test(arguments: [
    "", "https://", "http://", "http://pubsub.googleapis.com", "ftp://localhost", "localhost:8085",
    "http://localhost.example.com", "http://127.0.0.1.example.com", "http://127.0.0.1@example.com",
    "http://localhost:x@example.com/", "http://127.1", "http://128.0.0.1", "http://127.0.0.256",
    "http://0.0.0.0", "http://[::1]example.com", "http://[::2]", "http://localhost?@example.com",
    "http://localhost#x", "HTTP://localhost", "http://example.com/localhost", "http:// localhost",
    "http://127.0.0.1\\example.com", "http:///localhost",
  ])
  func `a token may not go to`(_ url: String) { #expect(!Endpoint.mayCarryToken(url)) }

  @Test func `without settings the services are Google's`() {
    let (settings, problem) = settings([:])
    #expect(problem == nil)
    #expect(settings.pubSub.base == "https://pubsub.googleapis.com")
    #expect(settings.bigQuery.base == "https://bigquery.googleapis.com")
    #expect(settings.pubSub.wantsToken && settings.bigQuery.wantsToken)
    #expect(!settings.access.isReady(for: settings.pubSub))
  }

  @Test(arguments: ["localhost:8085", "http://localhost:8085", "http://localhost:8085/"])
  func `an emulator gets no token, whatever its name looks like`(_ host: String) {
    let (settings, problem) = settings(["PUBSUB_EMULATOR_HOST": host])
    #expect(problem == nil)
    #expect(settings.pubSub.base == "http://localhost:8085")
    #expect(!settings.pubSub.wantsToken)
    #expect(settings.bigQuery.wantsToken)
  }

  @Test(arguments: [
    ("GCE_METADATA_HOST", "http://metadata"), ("GCE_METADATA_HOST", "meta data"),
    ("GCE_METADATA_HOST", "metadata:port"), ("GCE_METADATA_HOST", "metadata/x"),
    ("GCE_METADATA_HOST", "[::1"), ("PUBSUB_EMULATOR_HOST", "local host:1"),
    ("PUBSUB_EMULATOR_HOST", "localhost:"), ("BIGQUERY_EMULATOR_HOST", "http://:9050"),
    ("BIGQUERY_EMULATOR_HOST", "http://localhost?x"), ("PUBSUB_ENDPOINT", "https://a b"),
    ("PUBSUB_ENDPOINT", "https://pubsub.googleapis.com:443:1"),
    ("BIGQUERY_ENDPOINT", "https://bigquery.googleapis.com/?x"),
    ("BIGQUERY_ENDPOINT", "https://-.com"), ("GOOGLE_CLOUD_PROJECT", "my/project"),
    ("GOOGLE_CLOUD_PROJECT", "my project"),
  ])
  func `an address that can't work stops the start`(_ name: String, _ value: String) throws {
    let (_, problem) = settings([name: value])
    let sentence = try #require(problem)
    #expect(sentence.hasPrefix("\(name) is '\(value)': allowed "), "\(sentence)")
  }

  @Test func `an endpoint that could leak a token stops the start`() {
    let (_, problem) = settings(["BIGQUERY_ENDPOINT": "http://bigquery.example"])
    #expect(
      problem == "BIGQUERY_ENDPOINT is 'http://bigquery.example': allowed is an https URL, or http "
        + "to a loopback address")
  }

  @Test func `an emulator is ready once the project is known, a service needs a token too`() {
    var environment = ["GOOGLE_CLOUD_PROJECT": "p"]
    let real = settings(environment).0
    #expect(!real.access.isReady(for: real.pubSub))
    environment["PUBSUB_EMULATOR_HOST"] = "localhost:1"
    let emulated = settings(environment).0
    #expect(emulated.access.isReady(for: emulated.pubSub))
    #expect(
      !settings(["PUBSUB_EMULATOR_HOST": "localhost:1"]).0.access.isReady(for: emulated.pubSub))
  }
}

@Suite struct TopicNameTests {
  private func path(_ text: String) -> String? {
    var reader = SettingsReader(environment: [:])
    let topic = TopicName(text, setting: "TOPIC", &reader)
    return (try? reader.check()) == nil ? nil : topic.publishPath(in: "own")
  }

  @Test(arguments: [
    ("abc", "/v1/projects/own/topics/abc:publish"),
    ("a-._~+9", "/v1/projects/own/topics/a-._~+9:publish"),
    ("a%b", "/v1/projects/own/topics/a%25b:publish"),
    ("projects/p/topics/abc", "/v1/projects/p/topics/abc:publish"),
    ("projects/example.com:p/topics/abc", "/v1/projects/example.com:p/topics/abc:publish"),
  ])
  func `a topic has its path`(_ text: String, _ expected: String) {
    #expect(path(text) == expected)
  }

  @Test(arguments: [
    "", "ab", "1abc", "-abc", "googabc", "a/b", "a b", "a?b", "a#bc", "ab\u{e9}",
    "projects/p/topics/",
    "projects//topics/abc", "projects/p/topic/abc", "projects/p/topics/abc/x",
    "/projects/p/topics/abc",
    "projects/p?/topics/abc", String(repeating: "a", count: 256),
  ])
  func `what is no topic stops the start`(_ text: String) { #expect(path(text) == nil) }
}

@Suite struct BackoffTests {
  private let backoff = Backoff(base: .milliseconds(100), cap: .seconds(10))

  @Test(arguments: [
    (0, 100), (1, 100), (2, 200), (3, 400), (7, 6400), (8, 10_000), (1000, 10_000),
    (Int.max, 10_000),
  ])
  func `a wait is drawn from nothing to its ceiling`(_ attempt: Int, _ ceiling: Int) {
    var range: ClosedRange<Int64>?
    let longest = backoff.wait(after: attempt) {
      range = $0
      return $0.upperBound
    }
    #expect(longest == .milliseconds(ceiling))
    #expect(range?.lowerBound == 0)
  }

  @Test(
    arguments: [
      (nil, 0), (0, 0), (-5, 0), (3, 3), (60, 60), (100_000, 60), (Int.max, 60),
    ] as [(Int?, Int)])
  func `a service that asks for time gets it, within reason`(_ asked: Int?, _ seconds: Int) {
    #expect(backoff.wait(after: 1, retryAfter: asked) { _ in 0 } == .seconds(seconds))
  }
}
