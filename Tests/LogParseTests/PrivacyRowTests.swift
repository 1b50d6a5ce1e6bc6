// SPDX-License-Identifier: MIT
import Foundation
import PixelModel
import Testing

@testable import LogParse

/// What a row holds under a privacy signal.
@Suite struct PrivacyRowTests {
  private let visitor =
    #","userAgent":"canary-agent","remoteIp":"203.0.113.66:4711","referer":"https://s.example/""#

  private func parser(_ privacy: PrivacyPolicy) throws -> EventParser {
    let shipped = try EventParser.shipped()
    return try EventParser(
      contract: shipped.contracts.all[0], pixelPaths: ["/pixel.png"], privacy: privacy)
  }

  private func row(
    _ query: String, _ privacy: PrivacyPolicy = PrivacyPolicy(), more: String = ""
  ) throws -> Parsed {
    var parser = try parser(privacy)
    return try parser.parse(
      entry(
        url: "https://t.example/pixel.png?type=x&user_id=u1&\(query)", request: visitor, more: more)
    )
  }

  @Test(arguments: [("gpc=1", "gpc"), ("consent=0", "consent"), ("gpc=true", "gpc")])
  func `what the URL says empties the personal columns`(_ query: String, _ signal: String) throws {
    let row = try row(query)
    #expect(row["privacy"] == signal)
    #expect(row["user_agent"] == nil && row["remote_ip"] == nil)
    #expect(row["user_id"] == "u1" && row["referer"] == "https://s.example/")
    #expect(!row.text.contains("canary") && !row.text.contains("203.0.113"))
  }

  @Test func `without a signal they are kept, and privacy is empty`() throws {
    let row = try row("gpc=0&privacy=gpc")
    #expect(row["privacy"] == nil)
    #expect(row["user_agent"] == "canary-agent" && row["remote_ip"] == "203.0.113.66")
  }

  @Test func `a personal column that a parameter fills is emptied, and not kept as unparsed`()
    throws
  {
    let list = PrivacyPolicy(personal: PersonalColumns(["user_id", "value", "page_url", "tags"]))
    let row = try row("gpc=1&value=canary&page_url=canary&tags=canary&quantity=two", list)
    #expect(row.isEvent)
    #expect(!row.text.replacing("canary-agent", with: "").contains("canary"))
    #expect(row["user_id"] == nil && row["page_url"] == nil)
    #expect(row["_unparsed"] == #"{"quantity":"two"}"#)
  }

  @Test func `drop leaves the entry alone, ignore keeps all`() throws {
    #expect(try row("gpc=1", PrivacyPolicy(signals: .drop)).leftAlone == .privacySignal)
    #expect(try row("a=1", PrivacyPolicy(signals: .drop)).isEvent)
    let ignored = try row("gpc=1", PrivacyPolicy(signals: .ignore))
    #expect(ignored["privacy"] == nil && ignored["user_agent"] == "canary-agent")
  }

  @Test(
    arguments: [
      (.keep, "203.0.113.66"), (.truncate, "203.0.113.0"), (.drop, nil),
    ] as [(AddressPolicy, String?)])
  func `the address is kept as the policy says`(_ policy: AddressPolicy, _ expected: String?) throws
  {
    #expect(try row("", PrivacyPolicy(addresses: policy))["remote_ip"] == expected)
  }

  @Test func `a label counts in PixelIngest's own entries only`() throws {
    let labels = #","labels":{"privacy":"dnt"}"#
    #expect(try row("", more: labels)["privacy"] == nil)
    #expect(try row("", more: labels)["user_agent"] == "canary-agent")
    let own = try row("", more: labels + #","resource":{"type":"pixel_ingest"}"#)
    #expect(own["privacy"] == "dnt" && own["user_agent"] == nil)
    let forged = try row("", more: #","labels":{"privacy":"x"},"resource":{"type":"pixel_ingest"}"#)
    #expect(forged["privacy"] == nil)
  }

  @Test func `a hit that went through the log has the same row but for the log's own facts`() throws
  {
    let request =
      #""httpRequest":{"requestMethod":"GET","requestUrl":"https://t.example/other?type=x","status":200}"#
    let time = #""2026-01-02T03:44:05.123456789Z""#
    let id = #""0123456789abcdef0123456789abcdef""#
    let published =
      #"{"insertId":\#(id),"timestamp":\#(time),"resource":{"type":"pixel_ingest"},\#(request)}"#
    let logged =
      #"{"insertId":\#(id),"timestamp":\#(time),"labels":{"instanceId":"1","pixel":"hit"},"#
      + #""resource":{"type":"cloud_run_revision"},\#(request)}"#
    var parser = try parser(PrivacyPolicy())
    let (one, other) = (
      try parser.parse(Array(published.utf8)), try parser.parse(Array(logged.utf8))
    )
    #expect(one.isEvent && one.text == other.text)
    // Without the label it is another request of the same service.
    let plain = logged.replacing(#","pixel":"hit""#, with: "")
    #expect(try parser.parse(Array(plain.utf8)).leftAlone == .path("/other"))
  }
}
