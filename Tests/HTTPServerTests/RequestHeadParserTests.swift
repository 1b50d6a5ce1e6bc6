// SPDX-License-Identifier: MIT
import Bytes
import Testing

@testable import HTTPServer

@Suite struct RequestHeadParserTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let head: String
    /// What the head says; nil if it is refused.
    var says: String?
    var error: HeadError?
    var testDescription: String { name }
  }

  static let accepted: [Case] = [
    Case(
      name: "the least of HTTP/1.1", head: "GET / HTTP/1.1\r\nHost:\r\n\r\n", says: "get / keep"),
    Case(name: "HTTP/1.0 needs no host", head: "GET / HTTP/1.0\r\n\r\n", says: "get / 1.0 close"),
    Case(
      name: "HTTP/1.0 with keep-alive", head: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
      says: "get / 1.0 keep"),
    Case(
      name: "close among other options",
      head: "GET / HTTP/1.1\r\nHost: a\r\nConnection: x , Close,y\r\n\r\n", says: "get / close"),
    Case(
      name: "close wins over keep-alive",
      head: "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
      says: "get / close"),
    Case(
      name: "an empty line in front", head: "\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n",
      says: "get /a keep"),
    Case(
      name: "a length", head: "POST /p HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 012\r\n\r\n",
      says: "post /p keep length=12"),
    Case(
      name: "chunked", head: "PUT /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n",
      says: "put /p keep chunked"),
    Case(
      name: "100-continue",
      head: "PATCH /p HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
      says: "patch /p keep length=1 continue"),
    Case(
      name: "HTTP/1.0 can't be told to continue",
      head: "POST /p HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
      says: "post /p 1.0 close length=1"),
    Case(
      name: "a method that nobody knows", head: "BREW / HTTP/1.1\r\nHost: a\r\n\r\n",
      says: "other / keep"),
    Case(
      name: "a method with the letters of one that is known and more",
      head: "GETGETGET / HTTP/1.1\r\nHost: a\r\n\r\n", says: "other / keep"),
    Case(
      name: "methods differ by case", head: "get / HTTP/1.1\r\nHost: a\r\n\r\n",
      says: "other / keep"),
    Case(
      name: "an absolute target", head: "GET http://h:80/p?q HTTP/1.1\r\nHost: h:80\r\n\r\n",
      says: "get http://h:80/p?q keep"),
    Case(
      name: "the server itself", head: "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      says: "options * keep"),
    Case(
      name: "bytes above ASCII in a target and a value",
      head: "GET /\u{e9} HTTP/1.1\r\nHost: a\r\nX: \u{20ac}\r\n\r\n", says: "get /\u{e9} keep"),
    Case(
      name: "tabs and blanks around a value",
      head: "POST / HTTP/1.1\r\nHost: \t a \t \r\nContent-Length:\t5 \t\r\n\r\n",
      says: "post / keep length=5"),
    Case(
      name: "an empty value at the end", head: "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n",
      says: "get / keep"),
    Case(
      name: "hosts of all kinds",
      head: "GET / HTTP/1.1\r\nHost: [2001:db8::1%25a]:8080\r\n\r\n", says: "get / keep"),
  ]

  static func refused(_ name: String, _ head: String, _ error: HeadError) -> Case {
    Case(name: name, head: head, error: error)
  }

  /// With a host in front of `fields`.
  static func fields(_ name: String, _ fields: String, _ error: HeadError) -> Case {
    refused(name, "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n", error)
  }

  static let refusals: [Case] = [
    refused("no host", "GET / HTTP/1.1\r\n\r\n", .badRequest),
    refused("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .badRequest),
    refused("a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .badRequest),
    refused("a host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badRequest),
    refused("a host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", .badRequest),
    refused("a list of hosts", "GET / HTTP/1.1\r\nHost: a, b?c\r\n\r\n", .badRequest),
    refused("no target", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("a tab for a blank", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("a blank behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .badRequest),
    refused("a blank in front", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("HTTP/0.9", "GET /\r\nHost: a\r\n\r\n", .badRequest),
    refused("no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("a method that never ends", String(repeating: "G", count: 40), .badRequest),
    refused(
      "a method of 33 letters",
      String(repeating: "G", count: 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("a comma in the method", "GE,T / HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", .versionNotSupported),
    refused("HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionNotSupported),
    refused("HTTP/1,1", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", .badRequest),
    refused("http/1.1", "GET / http/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", .badRequest),
    refused("bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", .badRequest),
    refused("one bare line feed", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", .badRequest),
    refused("a bare carriage return", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", .badRequest),
    refused("a zero in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    refused("a DEL in the target", "GET /\u{7f} HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    fields("a zero in a value", "X: a\0b", .badRequest),
    fields("a DEL in a value", "X: a\u{7f}b", .badRequest),
    fields("a control character far in a value", "X: aaaaaaaaaaaaaaaaaaaaaa\u{1}b", .badRequest),
    fields("a blank before the colon", "X : a", .badRequest),
    fields("a folded line", "X: a\r\n b", .badRequest),
    fields("no colon", "X", .badRequest),
    fields("no name", ": a", .badRequest),
    fields("a name with a bracket", "X(: a", .badRequest),
    fields("a name above ASCII", "\u{e9}: a", .badRequest),
    fields("a length with a sign", "Content-Length: +5", .badRequest),
    fields("a negative length", "Content-Length: -5", .badRequest),
    fields("a length in hex", "Content-Length: 0x5", .badRequest),
    fields("an empty length", "Content-Length:", .badRequest),
    fields("a list of lengths", "Content-Length: 5, 5", .badRequest),
    fields("a length twice", "Content-Length: 5\r\nContent-Length: 5", .badRequest),
    fields("a length beyond any integer", "Content-Length: 99999999999999999999", .badRequest),
    fields("a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked", .badRequest),
    fields("chunks and a length", "Transfer-Encoding: chunked\r\nContent-Length: 5", .badRequest),
    fields(
      "chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", .badRequest),
    fields("chunked in two parts", "Transfer-Encoding: chunked, chunked", .notImplemented),
    fields("a coding in front", "Transfer-Encoding: gzip, chunked", .notImplemented),
    fields("chunked not last", "Transfer-Encoding: chunked, gzip", .badRequest),
    fields("another coding", "Transfer-Encoding: xchunked", .badRequest),
    fields("a coding in quotes", "Transfer-Encoding: \"chunked\"", .badRequest),
    fields("an empty coding", "Transfer-Encoding:", .badRequest),
    fields("chunked with a vertical tab", "Transfer-Encoding: \u{b}chunked", .badRequest),
    refused(
      "chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .badRequest),
    fields("an expectation that nobody can meet", "Expect: 200-ok", .expectationFailed),
    fields(
      "101 fields", (0..<101).map { "X\($0): y" }.joined(separator: "\r\n"), .headTooLarge),
    fields("a head of 40 KB", "X: " + String(repeating: "y", count: 40_000), .headTooLarge),
    fields("a name of 40 KB", String(repeating: "y", count: 40_000), .headTooLarge),
    refused(
      "a target of 30 KB",
      "GET /" + String(repeating: "y", count: 30_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
      .targetTooLong),
    refused("empty lines without end", String(repeating: "\r\n", count: 50), .badRequest),
  ]

  private let parser = RequestHeadParser()

  /// The head in words; nil if it is not complete.
  private func parse(_ bytes: [UInt8], from start: Int = 0) throws(HeadError) -> String? {
    var head = RequestHead()
    head.method = .delete  // left over from the request before
    guard try parser.parse(bytes.span, from: start, into: &head) else { return nil }
    #expect(head.end == bytes.count)
    var words = ["\(head.method)", bytes.span.string(head.target)]
    if head.isVersion10 { words.append("1.0") }
    words.append(head.keepAlive ? "keep" : "close")
    if let length = head.contentLength { words.append("length=\(length)") }
    if head.isChunked { words.append("chunked") }
    if head.expectsContinue { words.append("continue") }
    return words.joined(separator: " ")
  }

  private func verdict(_ bytes: [UInt8]) -> Result<String?, HeadError> {
    Result { () throws(HeadError) in try parse(bytes) }
  }

  @Test(arguments: accepted)
  func `a good head is taken`(_ example: Case) throws {
    #expect(try parse(Array(example.head.utf8)) == example.says)
  }

  @Test(arguments: accepted)
  func `a head that has not all arrived is waited for`(_ example: Case) throws {
    let bytes = Array(example.head.utf8)
    for end in 0..<bytes.count { #expect(try parse(Array(bytes[..<end])) == nil, "\(end)") }
  }

  @Test(arguments: accepted)
  func `a head is read from where it begins`(_ example: Case) throws {
    let before = Array("POST /before HTTP/1.1\r\n".utf8)
    #expect(try parse(before + Array(example.head.utf8), from: before.count) == example.says)
  }

  @Test(arguments: refusals)
  func `a bad head is refused with its status`(_ example: Case) {
    #expect(verdict(Array(example.head.utf8)) == .failure(example.error ?? .badRequest))
  }

  @Test(arguments: refusals)
  func `a bad head that arrives in parts is waited for, then refused`(_ example: Case) {
    // The reason may show before the end, as a head that is too large does; then it stays.
    let bytes = Array(example.head.utf8)
    var refused = false
    for end in stride(from: 0, through: bytes.count, by: max(1, bytes.count / 200)) {
      switch verdict(Array(bytes[..<end])) {
      case .success(let words):
        #expect(words == nil)
        #expect(!refused)
      case .failure: refused = true
      }
    }
  }

  @Test func `no byte but the permitted ones is taken anywhere`() {
    let head = Array("GET / HTTP/1.1\r\nHost: a\r\nX-Name: some value\r\n\r\n".utf8)
    let name = 25..<31
    let value = 33..<43
    for byte in UInt8.min...UInt8.max {
      var inName = head
      inName[name.lowerBound + 2] = byte
      let letters = Array("!#$%&'*+-.^_`|~".utf8)
      let isToken =
        letters.contains(byte) || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
        || (0x61...0x7A).contains(byte)
      // A colon ends the name, and what is behind it is a value.
      #expect(((try? parse(inName)) != nil) == (isToken || byte == 0x3A), "\(byte) in a name")
      // At each place of a word of eight, where the fast scan looks at all of them at once.
      for place in value {
        var inValue = head
        inValue[place] = byte
        let isText = byte == 0x09 || byte >= 0x20 && byte != 0x7F
        #expect(((try? parse(inValue)) != nil) == isText, "\(byte) in a value at \(place)")
      }
    }
  }
}

@Suite struct PathRangeTests {
  @Test(arguments: [
    ("/a/b?c", "/a/b", "/a/b?c"), ("/a#b?c", "/a", "/a#b?c"), ("/", "/", "/"),
    ("http://h/a?b", "/a", "/a?b"), ("HTTPS://h:1/a", "/a", "/a"), ("http://h?b", "", "?b"),
    ("http://h", "", ""), ("*", "*", "*"), ("h:443", "h:443", "h:443"), ("//a/b", "//a/b", "//a/b"),
    ("/a?u=http://h/b", "/a", "/a?u=http://h/b"), ("a?u=http://h/b", "a", "a?u=http://h/b"),
    ("://h/b", "://h/b", "://h/b"), ("http:/h", "http:/h", "http:/h"), ("", "", ""),
  ])
  func `the path of a target`(_ target: String, _ path: String, _ rest: String) {
    let bytes = Array(target.utf8)
    let range = pathRange(of: bytes.span)
    #expect(bytes.span.string(range) == path)
    #expect(bytes.span.string(range.lowerBound..<bytes.count) == rest)
  }
}
