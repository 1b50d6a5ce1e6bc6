// SPDX-License-Identifier: MIT
import Envelopes
import Foundation
import Testing

@testable import TypedFunctions

@Suite struct PayloadTests {
  struct Order: Decodable {
    struct Item: Decodable {
      let sku: String
      let price: Double
      let bought: Date?
    }
    let id: Int
    let items: [Item]
  }

  @Test(arguments: [
    (
      #"{"id":1,"items":[{"sku":"a","price":1},{"sku":"b","price":"canary"}]}"#,
      "The field items[1].price is not of type Double."
    ),
    (#"{"id":1,"items":[{"price":1}]}"#, "The field items[0].sku is missing."),
    (#"{"items":[]}"#, "The field id is missing."),
    (#"{"id":null,"items":[]}"#, "The field id is null: it has to be of type Int."),
    (#"{"id":1.5,"items":[]}"#, "The data has a value that Order does not take."),
    (#"{"id":1,"items":{"canary":1}}"#, "The field items is not of type Array<Any>."),
    (#"{"id":1,"items":["canary"]}"#, "The field items[0] is not of type Dictionary<String, Any>."),
    (#"["canary"]"#, "The data is not of type Order."),
    ("canary", "The data is not JSON."), ("", "The data is not JSON."),
  ])
  func `a broken payload is told by the path of its field, without a value`(
    _ json: String, _ detail: String
  ) {
    let rejection = #expect(throws: Rejection.self) {
      _ = try Order.decoded(from: Array(json.utf8), "shop")
    }
    #expect(rejection?.reason == .payloadInvalid)
    #expect(rejection?.reason.rawValue == "payload_invalid")
    #expect(rejection?.stage == "shop")
    #expect(rejection?.detail == detail)
  }
}
