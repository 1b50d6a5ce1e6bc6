// SPDX-License-Identifier: MIT
import Testing

@testable import LocalCloud

@Suite struct HealthTests {
  private struct Refused: Error, CustomStringConvertible { let description = "connection refused" }

  private var health: Health {
    Health(
      stages: [
        ("log-parse", "http://127.0.0.1:1/ready"), ("bq-loader", "http://127.0.0.1:2/ready"),
      ],
      folder: "/")
  }

  @Test func `a stage is in trouble when it answered before and does not now`() {
    var health = health
    health.note(stage: 0, .failure(Refused()))
    #expect(health.troubles == [], "it is starting")
    health.note(stage: 0, .success(200))
    #expect(health.troubles == [])
    health.note(stage: 0, .failure(Refused()))
    #expect(
      health.troubles == [
        "log-parse does not answer: connection refused. Messages for it wait until it runs again."
      ])
    health.note(stage: 0, .success(503))
    #expect(health.troubles.first?.hasPrefix("log-parse answers 503") == true)
    health.note(stage: 0, .success(200))
    #expect(health.troubles == [])
    #expect(health.json["stages"]?.array?.map { $0["state"]?.string } == ["ready", "starting"])
  }

  @Test func `a write that the disk does not take is a trouble until one is taken`() {
    var health = health
    let write = APIRequest("POST", "/_local/entries")
    let failure = GoogleError.internalError("Cannot write /d/journal: No space left on device.")
    health.note(.error(failure), to: write)
    #expect(health.troubles.first?.contains("No space left on device") == true)
    health.note(.json([:]), to: APIRequest("GET", "/_local/state"))
    #expect(health.troubles.count == 1, "a read proves nothing")
    health.note(.error(.badRequest("no")), to: write)
    #expect(health.troubles.count == 1)
    health.note(.json([:]), to: write)
    #expect(health.troubles == [])
  }
}
