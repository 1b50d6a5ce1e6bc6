// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient
import Testing

@Suite struct ServiceURLTests {
  @Test(
    arguments: [
      ("https://pubsub.googleapis.com", ServiceURL.Host.name("pubsub.googleapis.com"), 443, ""),
      ("http://LocalHost:8085/x?y#z", .name("localhost"), 8085, "/x?y#z"),
      ("http://127.0.0.1:1?q", .ipv4(127, 0, 0, 1), 1, "?q"),
      ("https://[2001:DB8::1]:65535/", .ipv6("2001:db8::1"), 65535, "/"),
      ("http://[::]", .ipv6("::"), 80, ""),
      ("http://[1:2:3:4:5:6:7:8]", .ipv6("1:2:3:4:5:6:7:8"), 80, ""),
      ("http://metadata", .name("metadata"), 80, ""),
      ("http://a-b.c_d.e5", .name("a-b.c_d.e5"), 80, ""),
      ("http://5.a", .name("5.a"), 80, ""),
    ] as [(String, ServiceURL.Host, UInt16, String)])
  func `a URL is taken apart`(
    _ text: String, _ host: ServiceURL.Host, _ port: UInt16, _ rest: String
  ) throws {
    let url = try #require(ServiceURL(text))
    #expect(url.host == host)
    #expect(url.port == port)
    #expect(url.rest == rest)
    #expect(url.prefix + url.rest == text)
    #expect(url.isSecure == text.hasPrefix("https"))
    // Foundation reads the same host from it.
    let components = try #require(URLComponents(string: text))
    let theirs = try #require(components.host).lowercased()
    #expect(theirs == url.hostText || "[\(theirs)]" == url.hostText)
    #expect(components.port.map { UInt16($0) } ?? (url.isSecure ? 443 : 80) == port)
  }

  @Test(arguments: [
    "", "http", "http:", "http://", "https:///x", "http://:80", "http://a:", "http://a:0",
    "http://a:+1",
    "http://a:65536", "http://a:1:2", "http://u@a", "http://a b", "http://a\t", "http://ä",
    "http://a..b",
    "http://.a", "http://-a", "http://a-", "http://a%41", "http://1.2.3", "http://1.2.3.256",
    "http://01.2.3.4", "http://0x7f.1", "http://127.1", "http://2130706433", "http://[::1",
    "http://[]",
    "http://[:::]", "http://[1::2::3]", "http://[1:2:3:4:5:6:7]", "http://[1:2:3:4:5:6:7:8:9]",
    "http://[12345::]", "http://[::g]", "http://[::1]x", "http://::1", "HTTP://a", "ftp://a", "//a",
    "http://a\\b", "http://\(String(repeating: "a", count: 64))", "file:///etc/passwd",
  ])
  func `what readers could take apart in two ways is refused`(_ text: String) {
    #expect(ServiceURL(text) == nil)
  }

  @Test func `only TLS and this machine are trusted`() {
    for text in ["https://a", "http://localhost", "http://127.9.9.9", "http://[::1]"] {
      #expect(ServiceURL(text)?.isTrusted == true, "\(text)")
    }
    for text in ["http://a", "http://128.0.0.1", "http://[::2]", "http://localhost.a"] {
      #expect(ServiceURL(text)?.isTrusted == false, "\(text)")
    }
  }
}
