// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import PixelModel
import Settings
import Testing

@Suite struct PrivacyTests {
  private func signal(_ query: String, _ policy: PrivacyPolicy = PrivacyPolicy()) -> PrivacySignal?
  {
    let url = Array("/pixel.png?\(query)".utf8)
    return policy.signal(in: url.span, query: 11..<url.count)
  }

  @Test(arguments: [
    ("gpc=1", PrivacySignal.gpc), ("a=b&gpc=1&c=d", .gpc), ("gpc=true", .gpc), ("gpc=TRUE", .gpc),
    ("%67pc=1", .gpc), ("g%70c=%31", .gpc), ("&&gpc=1", .gpc), ("consent=1&gpc=1", .gpc),
    ("consent=0&gpc=1", .gpc), ("consent=0", .consent), ("consent=no", .consent),
    ("consent=False", .consent), ("consent=denied", .consent), ("consent=1&consent=0", .consent),
    ("c%6Fnsent=0", .consent),
    // An ampersand that was escaped once too often.
    ("type=mail_open&amp;consent=0", .consent), ("a=b&amp;gpc=1", .gpc),
    ("&amp%3Bconsent=no", .consent),
    ("&amp%3bgpc=1", .gpc), ("&amp;amp;consent=0", .consent), ("&AMP;consent=0", .consent),
    ("consent=1&amp;consent=0", .consent), ("amp;g%70c=1", .gpc), ("&amp;GPC=True", .gpc),
    ("amp;consent[]=0", .consent),
    // White space around name and value.
    ("consent=0%20", .consent), ("consent=+no", .consent), ("gpc=1+", .gpc), ("gpc=%201", .gpc),
    ("consent=%09denied%0D%0A", .consent), ("consent=%C2%A00%C2%A0", .consent),
    ("consent=%E2%80%8Bno%E3%80%80", .consent), ("consent=\u{a0}0", .consent),
    ("+consent=0", .consent),
    ("%20gpc=1", .gpc), (" consent=0", .consent), ("consent%20=0", .consent),
    ("amp;+consent=0", .consent),
    // Letter case.
    ("GPC=1", .gpc), ("Gpc=TRUE", .gpc), ("Consent=NO", .consent), ("CONSENT=Denied", .consent),
    ("cONSENT=fAlse", .consent),
    // In parts.
    ("consent[]=0", .consent), ("consent%5B%5D=0", .consent), ("consent[0]=no", .consent),
    ("consent[ads]=denied", .consent), ("consent.ads=false", .consent), ("gpc[]=1", .gpc),
    ("consent.ads=1&consent.statistics=%30", .consent),
  ])
  func `a parameter that says no is a signal`(_ query: String, _ expected: PrivacySignal) {
    #expect(signal(query) == expected)
    #expect(signal(query, PrivacyPolicy(signals: .drop)) == expected)
    #expect(signal(query, PrivacyPolicy(signals: .ignore)) == nil)
  }

  @Test(arguments: [
    "", "a=b", "gpc", "gpc=", "gpc=0", "gpc=2", "gpcx=1", "gpc%5f=1", "xgpc=1", "a=gpc=1",
    "consent", "consent=", "consent=1", "consent=yes", "consent=granted", "consent=00", "%", "%6",
    "g", "%67", "consent%3D0", "amp;", "amp", "&amp;consent=1", "ampconsent=0", "am;gpc=1",
    "consent=0%201", "consent=%20", "consent=n%20o", "consents=0", "consent]=0", "consent[]=1",
    "xconsent[]=0", "consent_x=0", "\u{a0}", "consent=\u{a0}", "gpc%=1",
  ])
  func `anything else is none`(_ query: String) {
    #expect(signal(query) == nil)
  }

  @Test func `the consent parameter can have another name`() {
    let policy = PrivacyPolicy(consentParameter: "cmp")
    #expect(signal("cmp=0", policy) == .consent)
    #expect(signal("CMP=0", policy) == .consent)
    #expect(signal("consent=0", policy) == nil)
    #expect(signal("Okay[]=0", PrivacyPolicy(consentParameter: "oKay")) == .consent)
    #expect(signal("amp;x=no", PrivacyPolicy(consentParameter: "x")) == .consent)
  }

  @Test(arguments: [
    ("192.0.2.77", "192.0.2.0"), ("192.0.2.77:4711", "192.0.2.0"), ("0.0.0.0", "0.0.0.0"),
    ("255.255.255.255", "255.255.255.0"), ("::ffff:192.0.2.77", "192.0.2.0"),
    ("::ffff:c000:24d", "192.0.2.0"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
    ("[2001:db8:1:2::1]:4711", "2001:db8:1::"), ("2001:DB8::1", "2001:db8::"), ("::1", "::"),
    ("fe80::1%eth0", "fe80::"), ("0:0:1:2:3:4:5:6", "0:0:1::"), ("1:2:3::", "1:2:3::"),
    ("::1.2.3.4", "1.2.3.0"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3::"),
  ])
  func `a truncated address is its network`(_ address: String, _ network: String) {
    var writer = ByteWriter()
    let isKept = writer.append(address: Array(address.utf8).span, by: .truncate)
    #expect(isKept)
    #expect(writer.bytes.span.string == network)
  }

  @Test(arguments: [
    // 6to4, with and without a host part.
    ("2002:c000:24d::1", "192.0.2.0"), ("2002:C000:024D:1:2:3:4:5", "192.0.2.0"),
    // Teredo: server 65.54.227.120, and the client's address with its bits turned.
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.0"), ("2001::3fff:fdb2", "192.0.2.0"),
    // IPv4-mapped, -translated, -compatible.
    ("::FFFF:192.0.2.77", "192.0.2.0"), ("::ffff:0:192.0.2.77", "192.0.2.0"),
    ("0:0:0:0:ffff:0:c000:24d", "192.0.2.0"), ("::192.0.2.77", "192.0.2.0"),
    // NAT64.
    ("64:ff9b::192.0.2.77", "192.0.2.0"), ("64:ff9b::c000:24d", "192.0.2.0"),
    ("64:ff9b:1:c000:2:4d00::", "64:ff9b:1::"), ("[2002:c000:24d::1]:443", "192.0.2.0"),
    // ISATAP has it in the part that is cut off.
    ("2001:db8::5efe:192.0.2.77", "2001:db8::"), ("fe80::200:5efe:192.0.2.77", "fe80::"),
    ("2001:1::1", "2001:1::"), ("::1", "::"), ("::", "::"),
  ])
  func `no whole IPv4 address is left of one inside IPv6`(_ address: String, _ network: String) {
    var writer = ByteWriter()
    let isKept = writer.append(address: Array(address.utf8).span, by: .truncate)
    #expect(isKept)
    #expect(writer.bytes.span.string == network)
  }

  @Test(arguments: [
    ("203.0.113.5", "203.0.113.5"), ("203.0.113.5, 10.0.0.1", "203.0.113.5"),
    ("203.0.113.5,10.0.0.1,10.0.0.2", "203.0.113.5"), (" 203.0.113.5 , x", "203.0.113.5"),
    ("203.0.113.5:4711, 10.0.0.1:80", "203.0.113.5"), ("2001:db8::1, 10.0.0.1", "2001:db8::1"),
    ("[2001:db8::1]:443, 10.0.0.1", "2001:db8::1"), (",, 203.0.113.5", "203.0.113.5"),
    ("", ""), (" , ", ""), ("unknown", "unknown"),
  ])
  func `a list of addresses is its first one`(_ text: String, _ first: String) {
    let bytes = Array(text.utf8)
    #expect(bytes.span.string(bytes.span.firstAddress(0..<bytes.count)) == first)
  }

  @Test(arguments: [
    "", "unknown", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.-4", "1..3.4", "+1.2.3.4",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":::", "1:2:3:4:5:6:7:", "12345::", "g::",
    "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "[::1", "a@b.example", "1.2.3.4, 5.6.7.8",
  ])
  func `what is no address is not kept when addresses are truncated`(_ text: String) {
    var writer = ByteWriter()
    let isKept = writer.append(address: Array(text.utf8).span, by: .truncate)
    #expect(!isKept)
    #expect(writer.count == 0)
  }

  /// The C library is the oracle: it reads the address, and prints the network.
  @Test func `any address gives the network that the C library gives`() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<5000 {
      let isLong = Bool.random(using: &random)
      var bytes = (0..<(isLong ? 16 : 4)).map { _ in UInt8.random(in: 0...255, using: &random) }
      if isLong {
        for index in bytes.indices where Int.random(in: 0...2, using: &random) == 0 {
          bytes[index] = 0
        }
        bytes[0] = 0x24  // not one that embeds IPv4
      }
      let address = text(bytes)
      for index in (isLong ? 6 : 3)..<bytes.count { bytes[index] = 0 }
      var writer = ByteWriter()
      let isKept = writer.append(address: Array(address.utf8).span, by: .truncate)
      #expect(isKept)
      #expect(writer.bytes.span.string == text(bytes), "\(address)")
    }
  }

  private func text(_ bytes: [UInt8]) -> String {
    var buffer = [CChar](repeating: 0, count: 64)
    _ = bytes.withUnsafeBytes {
      inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, $0.baseAddress, &buffer, 64)
    }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  @Test func `an address is kept or dropped as it is`() {
    var writer = ByteWriter()
    let isDropped = !writer.append(address: Array("192.0.2.1".utf8).span, by: .drop)
    #expect(isDropped && writer.count == 0)
    let isKept = writer.append(address: Array("192.0.2.1".utf8).span, by: .keep)
    #expect(isKept && writer.bytes.span.string == "192.0.2.1")
  }

  @Test(arguments: [
    ("user_mail=a&b=1", "b=1"), ("b=1&user_mail=a", "b=1"), ("user%5Fmail=a", ""),
    ("user_mail.x=1&user_mail[0]=2&user_mail2=3", "user_mail2=3"), ("b=1&&c=2&", "b=1&c=2"),
    ("b&c=%zz", "b&c=%zz"), ("", ""), ("b=1&amp;user_mail=a&amp;c=2", "b=1&amp;c=2"),
    ("amp%3Buser_mail.x=1&amp;amp;user_mail=a&b=1", "b=1"),
  ])
  func `a query without personal parameters`(_ query: String, _ expected: String) {
    var writer = ByteWriter()
    let bytes = Array(query.utf8)
    writer.append(
      query: 0..<bytes.count, of: bytes.span, without: PersonalColumns(["remote_ip", "user_mail"]))
    #expect(writer.bytes.span.string == expected)
  }

  @Test func `the list that ships is the one that holds without a file`() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("infra/privacy.json")
    #expect(try PersonalColumns(json: Array(Data(contentsOf: file))) == .standard)
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"personal":"a"}"#, #"{"personal":[1]}"#, #"{"personal":[],"more":1}"#,
    #"{"personal":[]} x"#, #"{"personal":["a"],"personal":["b"]}"#,
  ])
  func `what is no list of columns is refused`(_ text: String) {
    #expect(throws: PrivacyListError.self) { try PersonalColumns(json: Array(text.utf8)) }
  }

  @Test(arguments: [
    (["PRIVACY_SIGNALS": "maybe"], "PRIVACY_SIGNALS is 'maybe'"),
    (["IP_POLICY": "hash"], "IP_POLICY is 'hash'"),
    (["CONSENT_PARAMETER": "a=b"], "CONSENT_PARAMETER is 'a=b'"),
    (["PRIVACY_LIST": "/nowhere"], "PRIVACY_LIST is '/nowhere'"),
  ])
  func `a bad setting is named`(_ environment: [String: String], _ sentence: String) {
    var reader = SettingsReader(environment: environment)
    _ = PrivacyPolicy(&reader)
    let error = #expect(throws: SettingsError.self) { try reader.check() }
    #expect(error?.description.hasPrefix(sentence) == true)
  }
}
