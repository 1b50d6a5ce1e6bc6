// SPDX-License-Identifier: MIT
import Envelopes
import Testing

@Suite struct RejectionTests {
  @Test func `a long detail is cut to 1,024 bytes, between two characters`() {
    let short = Rejection(stage: "log-parse", reason: Reason("row_invalid"), detail: "short é")
    #expect(short.detail == "short é")
    let long = Rejection(
      stage: "log-parse", reason: Reason("row_invalid"), detail: String(repeating: "日", count: 400))
    #expect(long.detail == String(repeating: "日", count: 341))
    #expect(long.detail.utf8.count <= Rejection.maximumDetailBytes)
  }

}
