// SPDX-License-Identifier: MIT
import Envelopes
import LogParse
import PixelModel
import Testing

/// Hits that say they are a test are judged like any other, and nothing is kept of them.
@Suite struct TestEventTests {
  @Test(arguments: [
    "type=t&_test=1", "_test=1&type=t", "type=t&_test=true", "type=t&%5Ftest=1",
    "type=t&_test=1&_test=0",
  ])
  func `a test that would be an event is accepted`(_ query: String) throws {
    var parser = try EventParser.shipped()
    let parsed = try parser.parse(query: query)
    guard case .test(.success(let event)) = parsed.verdict else {
      Issue.record("\(parsed.verdict)")
      return
    }
    #expect(event.id == "20260102T034405.123456789Z-abc" && event.contract == "pixel")
    #expect(parsed.text.isEmpty)
  }

  @Test(arguments: ["_test=0", "_test=", "_test", "_test=2", "_test=%31", "test=1", "_Test=1"])
  func `any other value or name is no test`(_ query: String) throws {
    var parser = try EventParser.shipped()
    #expect(try parser.parse(query: "type=t&\(query)").isEvent)
  }

  @Test func `a test that would be rejected says why, wherever that happens`() throws {
    var parser = try EventParser.shipped()
    let url = "/pixel.png?_test=1"
    let denied = #","jsonPayload":{"statusDetails":"denied_by_security_policy"}"#
    for (bytes, reason) in [
      (entry(url: url), Reason.missingRequired), (entry(url: url + "&type="), .missingRequired),
      (entry(url: url + "&type=t", more: denied), .deniedBySecurityPolicy),
      (
        Array(#"{"httpRequest":{"requestMethod":"GET","requestUrl":"\#(url)"}}"#.utf8),
        .timestampMissing
      ),
    ] {
      let parsed = try parser.parse(bytes)
      #expect(parsed.isTest && parsed.reason == reason, "\(parsed.verdict)")
    }
    // The entry before does not matter to one that has no URL at all.
    #expect(try !parser.parse(Array("{".utf8)).isTest)
    #expect(
      try !parser.parse(Array(#"{"resource":{"type":"pixel_ingest"}}"#.utf8)).isTest)
    #expect(try parser.parse(entry(url: "/?_test=1")).leftAlone?.label == "other_path")
  }

  @Test func `the name is a setting, and empty there are no tests`() throws {
    let contracts = try Contracts([try EventParser.shipped().contracts.all[0]])
    for (name, isTest) in [("debug", [false, true]), ("", [false, false])] {
      var parser = EventParser(
        contracts: contracts, pixelPaths: ["/pixel.png"], names: ControlParameters(test: name))
      #expect(try parser.parse(query: "type=t&_test=1").isTest == isTest[0])
      #expect(try parser.parse(query: "type=t&debug=1").isTest == isTest[1])
      #expect(try parser.parse(query: "type=t&=1").isEvent)
    }
  }
}
