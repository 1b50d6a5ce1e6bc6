import LogParse
// SPDX-License-Identifier: MIT
import PixelModel
import Testing

/// `&amp;` in a URL, as mail templates and content systems leave it.
@Suite struct EscapedAmpersandTests {
  private static let columns = [
    "type STRING", "user_id STRING", "tags STRING REPEATED",
    "item RECORD {id STRING, tags STRING REPEATED}",
    "properties JSON", "privacy STRING", "remote_ip STRING",
  ]

  @Test(arguments: [
    ("type=t&amp;user_id=u1", "u1"), ("amp;user_id=u1", "u1"), ("type=t&amp%3Buser_id=u1", "u1"),
    ("type=t&amp;amp;user_id=u1", "u1"), ("type=t&AMP;user%5Fid=u1", "u1"),
    // What was meant comes first, wherever it stands.
    ("amp;user_id=wrong&user_id=u1", "u1"), ("user_id=u1&amp;user_id=wrong", "u1"),
    ("amp;user_id=u1&amp;user_id=second", "u1"),
  ])
  func `a name behind amp; is that name`(_ query: String, _ user: String) throws {
    var parser = try EventParser.with(Self.columns)
    #expect(try parser.parse(query: query)["user_id"] == user)
    #expect(parser.omitted.unknown == 0)
  }

  @Test func `lists, fields and parts may stand behind amp; too`() throws {
    var parser = try EventParser.with(Self.columns)
    let parsed = try parser.parse(
      query: "tags[]=a&amp;tags[]=b&amp;item.id=7&amp;item[tags][1]=y&amp;item[tags][0]=x"
        + "&amp;properties.a=1&amp;properties[b]=2")
    #expect(
      parsed.text.hasSuffix(
        #""tags":["a","b"],"item":{"id":"7","tags":["x","y"]},"properties":"{\"a\":1,\"b\":2}"}"#))
    #expect(parser.omitted == OmittedParameters())
  }

  @Test(arguments: ["amp;consent=0", "amp;gpc=1", "amp%3Bconsent=no", "amp;amp;gpc=true"])
  func `a privacy signal behind amp; is heard`(_ parameter: String) throws {
    var parser = try EventParser.with(Self.columns)
    let bytes = entry(
      url: "/pixel.png?type=mail_open&\(parameter)", request: #","remoteIp":"203.0.113.5""#)
    let parsed = try parser.parse(bytes)
    #expect(parsed["privacy"] == (parameter.contains("gpc") ? "gpc" : "consent"))
    #expect(parsed["remote_ip"] == nil && parsed["type"] == "mail_open")
  }

  @Test func `tests and contracts may be named behind amp;`() throws {
    var parser = try EventParser.shipped()
    #expect(try parser.parse(query: "type=t&amp;_test=1").isTest)
    #expect(try parser.parse(query: "amp;_test=1").isTest)
    let contracts = try Contracts(
      ["a", "b"].map { name in
        try Contract(
          json: Array(
            #"[{"name":"event_id","type":"STRING"},{"name":"event_time","type":"TIMESTAMP"}]"#.utf8),
          name: name)
      })
    var several = EventParser(
      contracts: contracts, pixelPaths: ["/pixel.png"], names: ControlParameters(contract: "c"))
    #expect(try several.parse(query: "x=1&amp;c=b").event?.contract == "b")
    #expect(try several.parse(query: "amp;c=a&c=b").event?.contract == "b")
  }

  @Test func `what stays unknown is counted once, by the name that was meant`() throws {
    var parser = try EventParser.with(Self.columns)
    _ = try parser.parse(query: "amp;colour=red&amp;=1&amp;&amp;event_id=x")
    #expect(parser.omitted.unknown == 4)
    #expect(parser.unknownNames(maximumBytes: 1000) == #"["amp;","colour","event_id"]"#)
  }
}
