// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// A service goes away under load and comes back: what was accepted lands, and no program ends.
@Suite(.serialized) struct OutageTests {
  @Test(.timeLimit(.minutes(3)), arguments: ["bigquery", "pubsub"])
  func `everything accepted lands after ten seconds without`(_ service: String) throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let fault = #"{"service":"\#(service)","mode":"503","seconds":10}"#
    let cloud = "http://127.0.0.1:\(pipeline.ports.cloud)"
    let ingest = "http://127.0.0.1:\(pipeline.ports.ingest)"
    let began = Date()
    let (accepted, notAccepted): (Set<String>, Int) = pipeline.thread.wait { loop, done in
      var sender: HitSender?
      sender = HitSender(
        loop: loop, base: ingest, wanted: 3000, concurrency: 32,
        onProgress: { count in
          if count == 500 {
            // Asked from another thread: this one is the client's loop.
            DispatchQueue.global().async {
              guard let thread = try? LoopThread() else { return }
              _ = fetch("POST", "\(cloud)/_local/fault", body: Array(fault.utf8), on: thread)
              thread.stop()
            }
          }
        },
        done: {
          done((sender?.accepted ?? [], sender?.notAccepted ?? 0))
          sender = nil
        })
      sender?.fill()
    }
    #expect(accepted.count == 3000)
    // Without Pub/Sub a hit is not accepted, and that is what its visitor's page is told.
    if service == "pubsub" {
      #expect(notAccepted > 0)
      #expect(Date().timeIntervalSince(began) > 8)
    } else {
      #expect(notAccepted == 0)
    }
    var rows: [String: Set<String>] = [:]
    try waitUntil("every accepted order_id has a row", within: 90) {
      rows = try pipeline.rows.eventIDsByOrder()
      return accepted.allSatisfy { rows[$0] != nil }
    }
    #expect(accepted.allSatisfy { rows[$0]?.count == 1 })
    if service == "bigquery" {
      #expect(Date().timeIntervalSince(began) > 9, "the outage was not felt")
    }
    for program in [pipeline.ingest, pipeline.parse, pipeline.loader] {
      #expect(program.stop() == 0, "\(program.name)")
    }
  }
}
