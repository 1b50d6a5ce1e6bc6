// SPDX-License-Identifier: MIT
import EventLoop
import Testing

@testable import BQLoader

@Suite struct InFlightInsertsTests {
  static func at(_ milliseconds: Int64) -> Instant {
    Instant(nanoseconds: 0) + .milliseconds(milliseconds)
  }

  @Test func `an answer to many rows is a time to gather, a twelfth of what it took`() {
    var inserts = InFlightInserts()
    inserts.begin(Self.at(0))
    #expect(inserts.gatheringEnd(Self.at(1)) == nil)
    inserts.end(begun: Self.at(0), rows: 8, now: Self.at(12))
    #expect(inserts.gatheringEnd(Self.at(12)) == Self.at(13))
    #expect(inserts.gatheringEnd(Self.at(13)) == nil)
  }

  @Test(
    arguments: [
      (rows: 7, took: 100, gathers: false), (rows: 8, took: 100, gathers: true),
      (rows: 500, took: 11, gathers: false), (rows: 500, took: 12, gathers: true),
    ] as [(rows: Int, took: Int64, gathers: Bool)])
  func `few rows, or an answer that came fast, are none`(rows: Int, took: Int64, gathers: Bool) {
    var inserts = InFlightInserts()
    inserts.begin(Self.at(0))
    inserts.end(begun: Self.at(0), rows: rows, now: Self.at(took))
    #expect((inserts.gatheringEnd(Self.at(took)) != nil) == gathers)
  }

  @Test func `nobody gathers for more than two milliseconds`() {
    var inserts = InFlightInserts()
    inserts.begin(Self.at(0))
    inserts.end(begun: Self.at(0), rows: 100, now: Self.at(9000))
    #expect(inserts.gatheringEnd(Self.at(9000)) == Self.at(9002))
  }

  @Test func `an answer is due when the first insert is about as old as the last one got`() {
    var inserts = InFlightInserts()
    inserts.begin(Self.at(0))
    #expect(!inserts.answerIsDue(Self.at(25), within: .milliseconds(5)))
    inserts.end(begun: Self.at(0), rows: 1, now: Self.at(25))
    #expect(!inserts.answerIsDue(Self.at(25), within: .milliseconds(5)))
    inserts.begin(Self.at(30))
    inserts.begin(Self.at(50))
    #expect(!inserts.answerIsDue(Self.at(49), within: .milliseconds(5)))
    #expect(inserts.answerIsDue(Self.at(51), within: .milliseconds(5)))
    #expect(inserts.answerIsDue(Self.at(59), within: .milliseconds(5)))
    #expect(!inserts.answerIsDue(Self.at(60), within: .milliseconds(5)))
  }

  @Test func `where answers are fast nobody waits for one`() {
    var inserts = InFlightInserts()
    inserts.begin(Self.at(0))
    inserts.end(begun: Self.at(0), rows: 1, now: Self.at(5))
    inserts.begin(Self.at(10))
    #expect(!inserts.answerIsDue(Self.at(14), within: .milliseconds(5)))
  }

  @Test func `answers may come in any order`() {
    var inserts = InFlightInserts()
    for start in [0, 1, 2] as [Int64] { inserts.begin(Self.at(start)) }
    inserts.end(begun: Self.at(1), rows: 1, now: Self.at(20))
    #expect(inserts.count == 2)
    inserts.end(begun: Self.at(0), rows: 1, now: Self.at(21))
    inserts.end(begun: Self.at(2), rows: 1, now: Self.at(22))
    #expect(inserts.isEmpty)
  }
}
