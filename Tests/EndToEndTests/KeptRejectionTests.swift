// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// What is rejected is kept with its bytes, as far as a message can take them.
@Suite(.serialized) struct KeptRejectionTests {
  @Test(.timeLimit(.minutes(10)))
  func `of more than 9 MB the beginning is kept, and that it is one is said`() throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let small = #"{"small":"#
    let large = #"{"large":"# + String(repeating: "x", count: 9_999_991)
    for text in [small, large] {
      let answer = fetch(
        "POST", "http://127.0.0.1:\(pipeline.ports.parse)/",
        body: Array(BadInputTests.envelope(text).utf8), on: pipeline.thread)
      #expect(answer?.status == 204)
    }
    let answer = try #require(
      fetch(
        "GET", "http://127.0.0.1:\(pipeline.ports.cloud)/_local/rejections", on: pipeline.thread))
    let object = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
    let kept = try #require(object?["rejections"] as? [[String: Any]])
    try #require(kept.count == 2)
    let data = try kept.map { try #require(Data(base64Encoded: $0["data"] as? String ?? "")) }
    #expect(data[0] == Data(small.utf8))
    #expect(data[1] == Data(large.utf8.prefix(9_000_000)))
    let attributes = kept.map { $0["attributes"] as? [String: String] ?? [:] }
    #expect(attributes[0]["original_bytes"] == nil)
    #expect(attributes[1]["original_bytes"] == "10000000")
    for attribute in attributes {
      #expect(attribute["reason"] == "entry_not_json" && attribute["stage"] == "log-parse")
      #expect((attribute["detail"]?.utf8.count ?? 0) <= 1024)
    }
  }
}
