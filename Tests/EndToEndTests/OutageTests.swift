// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// A service goes away under load and comes back: what was accepted lands, and no program ends.
@Suite(.serialized) struct OutageTests {
  @Test(.timeLimit(.minutes(10)), arguments: ["bigquery", "pubsub"])
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
            // Asked from another thread, since this one is the client's loop; nothing more is sent until
            // the fault is there.
            let isAway = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
              defer { isAway.signal() }
              guard let thread = try? LoopThread() else { return }
              _ = fetch("POST", "\(cloud)/_local/fault", body: Array(fault.utf8), on: thread)
              thread.stop()
            }
            isAway.wait()
          }
        },
        done: {
          done((sender?.accepted ?? [], sender?.notAccepted ?? 0))
          sender = nil
        })
      sender?.fill()
    }
    #expect(accepted.count == 3000)
    // Without Pub/Sub a hit goes to the log, and is accepted all the same.
    #expect(notAccepted == 0)
    var rows: [String: Set<String>] = [:]
    try waitUntil("every accepted order_id has a row", within: 90) {
      rows = try pipeline.rows.eventIDsByOrder()
      return accepted.allSatisfy { rows[$0] != nil }
    }
    #expect(accepted.allSatisfy { rows[$0]?.count == 1 })
    #expect(Date().timeIntervalSince(began) > 9, "the outage was not felt")
    if service == "pubsub" { #expect(pipeline.ingest.output.contains(#""pixel":"hit""#)) }
    for program in [pipeline.ingest, pipeline.parse, pipeline.loader] {
      #expect(program.stop() == 0, "\(program.name)")
    }
  }

  @Test(.timeLimit(.minutes(10)))
  func `with Pub/Sub away for 30 s every hit gets its image, and one row afterwards`() throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let ingest = "http://127.0.0.1:\(pipeline.ports.ingest)"
    // About 130 hits a second, through the outage and beyond.
    let began = Date()
    let cloud = OnAnotherThread(pipeline.cloud)
    let (accepted, notAccepted): (Set<String>, Int) = pipeline.thread.wait { loop, done in
      var sender: HitSender?
      sender = HitSender(
        loop: loop, base: ingest, wanted: 4500, concurrency: 32, pause: .milliseconds(240),
        onProgress: { if $0 == 200 { cloud.isAway(for: 30) } },
        done: {
          done((sender?.accepted ?? [], sender?.notAccepted ?? 0))
          sender = nil
        })
      sender?.fill()
    }
    let sent = Date().timeIntervalSince(began)
    cloud.waitUntilBack()
    #expect(accepted.count == 4500)
    #expect(notAccepted == 0)
    #expect(pipeline.ingest.output.contains(#""pixel":"hit""#))
    var rows: [String: Set<String>] = [:]
    try waitUntil("every order_id has a row", within: 60) {
      rows = try pipeline.rows.eventIDsByOrder()
      return accepted.allSatisfy { rows[$0] != nil }
    }
    // The view shows each event id once.
    #expect(accepted.allSatisfy { rows[$0]?.count == 1 })
    let lines = pipeline.ingest.output.split(separator: "\n").count {
      $0.contains(#""pixel":"hit""#)
    }
    print("\(accepted.count) accepted in \(Int(sent)) s, \(lines) by way of the log")
    for program in [pipeline.ingest, pipeline.parse, pipeline.loader] {
      #expect(program.stop() == 0, "\(program.name)")
    }
  }
}

/// Kills a program and starts it again later, without anybody waiting for it.
private final class OnAnotherThread: @unchecked Sendable {
  private let program: Program
  private let back = DispatchSemaphore(value: 0)

  init(_ program: Program) { self.program = program }

  func isAway(for seconds: TimeInterval) {
    Thread.detachNewThread { [self] in
      program.killNow()
      Thread.sleep(forTimeInterval: seconds)
      try? program.start()
      back.signal()
    }
  }

  func waitUntilBack() { back.wait() }
}
