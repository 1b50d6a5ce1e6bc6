// SPDX-License-Identifier: MIT
import Bytes
import LogParse
import Testing

/// Columns that are read off the request: `bot` and `country`.
@Suite struct ReservedColumnTests {
  private func isBot(agent: String?) throws -> Bool? {
    var literal = ByteWriter()
    literal.append(json: agent ?? "")
    let request = agent == nil ? "" : #","userAgent":\#(literal.bytes.span.string)"#
    var parser = try EventParser.with("bot BOOLEAN")
    return try parser.parse(entry(url: "/pixel.png", request: request)).row["bot"] as? Bool
  }

  @Test(
    arguments: [
      (nil, true), ("", true), ("-", false),
      (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36",
        false
      ),
      (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
        false
      ),
      ("Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", false),
      ("Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Mobile Safari/537.36", false),
      ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", true),
      ("Mozilla/5.0 (Linux; Android 9; CUBOT) (compatible; AdsBot-Google)", true),
      ("curl/8.5.0", true), ("python-requests/2.31.0", true), ("Go-http-client/2.0", true),
      ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/124.0.0.0", true),
      ("bo", false), ("bot", true), ("BOT", true), ("a\"\\bot", true), ("über-Crawler", true),
      ("cubot", false), ("ubot", true), ("\u{42}\u{4f}\u{212a}", false), ("b\u{f6}t", false),
    ] as [(String?, Bool)])
  func `bot is whether the agent says so, or says nothing`(_ agent: String?, _ bot: Bool) throws {
    #expect(try isBot(agent: agent) == bot)
  }

  @Test(
    arguments: [
      (#""securityPolicyRequestData":{"remoteIpInfo":{"asn":64500,"regionCode":"SG"}}"#, "SG"),
      (#""security_policy_request_data":{"remote_ip_info":{"region_code":"DE"}}"#, "DE"),
      (
        #""securityPolicyRequestData":{"x":{"regionCode":"XX"},"remoteIpInfo":{"regionCode":"\u0046R"}}"#,
        "FR"
      ),
      (#""securityPolicyRequestData":{"remoteIpInfo":{"regionCode":""}}"#, nil),
      (#""securityPolicyRequestData":{"remoteIpInfo":{"regionCode":5}}"#, nil),
      (#""securityPolicyRequestData":{"remoteIpInfo":"SG"}"#, nil),
      (#""securityPolicyRequestData":["SG"]"#, nil), (#""regionCode":"SG""#, nil),
    ] as [(String, String?)])
  func `country is where Cloud Armor saw the client`(_ payload: String, _ country: String?) throws {
    var parser = try EventParser.with("country STRING")
    let parsed = try parser.parse(
      entry(url: "/pixel.png", more: #","jsonPayload":{\#(payload)}"#))
    #expect(parsed["country"] == country)
    #expect(parsed.isEvent)
  }
}
