// SPDX-License-Identifier: MIT
import Envelopes
import LogParse
import PixelModel
import Testing

/// What Cloud Armor has done with a request, and requests of which the log says too little.
@Suite struct SecurityOutcomeTests {
  @Test(arguments: [
    (#""statusDetails":"denied_by_security_policy""#, "Cloud Armor denied the request."),
    (#""enforcedSecurityPolicy":{"name":"p","outcome":"DENY"}"#, "Cloud Armor denied the request."),
    (
      #""statusDetails":"body_denied_by_security_policy","enforcedSecurityPolicy":{"outcome":"DENY"}"#,
      "Cloud Armor denied the request for its body."
    ),
    (
      #""enforcedEdgeSecurityPolicy":{"outcome":"DENY"}"#,
      "Cloud Armor's edge policy denied the request."
    ),
    (
      #""statusDetails":"denied_by_security_policy","enforcedEdgeSecurityPolicy":{"outcome":"DENY"}"#,
      "Cloud Armor's edge policy denied the request."
    ),
    (
      #""statusDetails":"throttled_by_security_policy""#,
      "Cloud Armor denied the request because its client sent too many."
    ),
    (#""statusDetails":"redirected_by_security_policy""#, "Cloud Armor redirected the request."),
    (#""enforcedSecurityPolicy":{"outcome":"REDIRECT"}"#, "Cloud Armor redirected the request."),
    (
      #""status_details":"body_denied_by_security_policy""#,
      "Cloud Armor denied the request for its body."
    ),
    (
      #""enforced_edge_security_policy":{"outcome":"DENY"}"#,
      "Cloud Armor's edge policy denied the request."
    ),
  ])
  func `a request that Cloud Armor kept from the pixel is no hit`(
    _ payload: String, _ detail: String
  ) throws {
    var parser = try EventParser.shipped()
    let more = #","jsonPayload":{\#(payload)}"#
    let parsed = try parser.parse(entry(url: "/pixel.png?type=t", more: more))
    #expect(parsed.reason == .deniedBySecurityPolicy)
    #expect(parsed.detail == detail)
    #expect(try parser.parse(entry(url: "/?a=../", more: more)).leftAlone == .path("/"))
  }

  @Test(arguments: [
    #""enforcedSecurityPolicy":{"outcome":"ACCEPT"}"#,
    #""enforcedSecurityPolicy":{"outcome":"EXEMPT"}"#,
    #""enforcedEdgeSecurityPolicy":{"outcome":"ACCEPT"},"statusDetails":"response_from_cache""#,
    #""previewSecurityPolicy":{"outcome":"DENY"}"#,
    #""previewEdgeSecurityPolicy":{"outcome":"DENY"}"#,
    #""enforcedEdgeSecurityPolicy":"DENY""#, #""enforcedSecurityPolicy":null,"statusDetails":5"#,
  ])
  func `any other outcome is a hit`(_ payload: String) throws {
    var parser = try EventParser.shipped()
    #expect(
      try parser.parse(entry(url: "/pixel.png?type=t", more: #","jsonPayload":{\#(payload)}"#))
        .isEvent)
  }

  @Test(arguments: ["", #""requestMethod":"","#, #""requestMethod":null,"#, #""requestMethod":5,"#])
  func `request_method_missing: a pixel's URL without a method is no other request`(
    _ method: String
  )
    throws
  {
    var parser = try EventParser.shipped()
    func parse(_ url: String, _ time: String) throws -> Parsed {
      try parser.parse(
        Array(
          #"{"insertId":"a",\#(time)"httpRequest":{\#(method)"requestUrl":"\#(url)"}}"#.utf8))
    }
    let time = #""timestamp":"2026-01-02T03:44:05Z","#
    let parsed = try parse("/pixel.png?type=t", time)
    #expect(parsed.reason == .requestMethodMissing)
    #expect(parsed.rejection?.eventID == "20260102T034405.000000000Z-a")
    #expect(try parse("/pixel.png?type=t", "").reason == .requestMethodMissing)
    #expect(try parse("/robots.txt", time).leftAlone == .path("/robots.txt"))
    #expect(try parse("/pixel.png?type=t&_test=1", time).isTest)
  }

  @Test func `contract_unknown says which contracts there are`() throws {
    let contracts = try Contracts(
      ["pixel", "shop"].map { name in
        try Contract(
          json: Array(
            #"[{"name":"event_id","type":"STRING"},{"name":"event_time","type":"TIMESTAMP"}]"#.utf8),
          name: name)
      })
    var parser = EventParser(
      contracts: contracts, pixelPaths: ["/pixel.png"], names: ControlParameters(contract: "c"))
    let parsed = try parser.parse(query: "c=shopp")
    #expect(parsed.reason == .contractUnknown)
    #expect(parsed.detail == "Parameter c names no contract. There are: pixel, shop.")
  }

  @Test(arguments: [
    ("203.0.113.5, 10.0.0.1", "203.0.113.5"), ("203.0.113.5:4711,10.0.0.1", "203.0.113.5"),
    ("[2001:db8::1]:443, 10.0.0.1", "2001:db8::1"), (" 203.0.113.5 ", "203.0.113.5"),
  ])
  func `a remoteIp that is a list is its first address`(_ list: String, _ first: String) throws {
    var parser = try EventParser.with("remote_ip STRING")
    for written in ["\"\(list)\"", "[\"\(list)\",\"10.0.0.9\"]"] {
      let parsed = try parser.parse(entry(url: "/pixel.png", request: #","remoteIp":\#(written)"#))
      #expect(parsed["remote_ip"] == first)
    }
    for written in ["[]", "[5]", "{}", "\"\""] {
      #expect(
        try parser.parse(entry(url: "/pixel.png", request: #","remoteIp":\#(written)"#))[
          "remote_ip"]
          == nil)
    }
  }
}
