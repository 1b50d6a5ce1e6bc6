// SPDX-License-Identifier: MIT
import Bytes
import Testing

@testable import HTTPServer

@Suite struct ChunkedBodyTests {
  static let accepted: [(String, String)] = [
    ("0\r\n\r\n", ""),
    ("3\r\nabc\r\n0\r\n\r\n", "abc"),
    ("1\r\na\r\n2\r\nbc\r\n00003\r\ndef\r\n0\r\n\r\n", "abcdef"),
    ("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
    ("3;name=value;x=\"y z\"\r\n\r\n\r\r\n0;last\r\n\r\n", "\r\n\r"),
    ("1\r\na\r\n0\r\nX-Sum: 5\r\nY:\r\n\r\n", "a"),
  ]

  static let refused: [(String, ChunkError)] = [
    ("\r\n", .malformed), ("g\r\n", .malformed), ("-1\r\n", .malformed), ("+1\r\n", .malformed),
    ("0x1\r\n", .malformed), (" 1\r\na\r\n", .malformed), ("1 \r\na\r\n", .malformed),
    ("1\na\r\n", .malformed), ("1\r\na\n0\r\n\r\n", .malformed), ("1\r\nab\r\n", .malformed),
    ("1\r\na\rb", .malformed), ("1;a\u{1}b\r\n", .malformed), ("1;a\nb\r\n", .malformed),
    ("0\r\nno field\r\n\r\n", .malformed), ("0\r\n: x\r\n\r\n", .malformed),
    ("0\r\n x: y\r\n\r\n", .malformed), ("0\r\nX: y\n\r\n", .malformed),
    ("0\r\nX: a\u{0}b\r\n\r\n", .malformed),
    ("3E9\r\n", .tooLarge), ("FFFFFFFF\r\n", .tooLarge), ("7FFFFFFFFFFFFFFF\r\n", .tooLarge),
    ("FFFFFFFFFFFFFFFF\r\n", .tooLarge), ("10000000000000001\r\n", .tooLarge),
    ("1;" + String(repeating: "x", count: 300), .malformed),
    (String(repeating: "0", count: 300), .malformed),
    ("1;" + String(repeating: "x", count: 254) + "\r\na\r\n0\r\n\r\n", .malformed),
    ("0\r\nX: " + String(repeating: "x", count: 9000), .malformed),
    ("0\r\n" + String(repeating: "X: y\r\n", count: 2000), .malformed),
  ]

  /// Feeds `pieces` behind three bytes that are not the body's.
  private func decode(_ pieces: [[UInt8]]) throws -> (body: String, rest: String)? {
    let buffer = Buffer()
    buffer.append("old")
    var chunks = ChunkedBody(start: 3)
    for piece in pieces {
      buffer.append(piece.span)
      if try chunks.advance(buffer, limit: 1000) == .complete {
        return buffer.withSpan {
          ($0.string(chunks.body), $0.string(chunks.cursor..<$0.count))
        }
      }
    }
    return nil
  }

  @Test(arguments: accepted)
  func `a good body is taken, and not a byte behind it`(_ framed: String, _ body: String) throws {
    let decoded = try #require(try decode([Array((framed + "GET /next").utf8)]))
    #expect(decoded.body == body)
    #expect(decoded.rest == "GET /next")
  }

  @Test(arguments: accepted)
  func `a body split anywhere is the same body`(_ framed: String, _ body: String) throws {
    let bytes = Array(framed.utf8)
    for first in 0...bytes.count {
      let two = [Array(bytes[..<first]), Array(bytes[first...])]
      #expect(try decode(two)?.body == body, "split at \(first)")
    }
    #expect(try decode(bytes.map { [$0] })?.body == body)
  }

  @Test(arguments: accepted)
  func `a body that has not all arrived is waited for`(_ framed: String, _ body: String) throws {
    #expect(try decode([Array(framed.utf8).dropLast()]) == nil)
  }

  @Test(arguments: refused)
  func `a bad body is refused`(_ framed: String, _ error: ChunkError) {
    #expect(throws: error) { try decode([Array(framed.utf8)]) }
    #expect(throws: error) { try decode(framed.utf8.map { [$0] }) }
  }

  @Test func `a body may be as long as its limit and no longer`() throws {
    let full = "3e7\r\n" + String(repeating: "x", count: 999) + "\r\n"
    #expect(try decode([Array((full + "1\r\ny\r\n0\r\n\r\n").utf8)])?.body.count == 1000)
    #expect(throws: ChunkError.tooLarge) { try decode([Array((full + "2\r\n").utf8)]) }
  }

  @Test func `the framing of a body takes no memory beside the body`() throws {
    let buffer = Buffer()
    var chunks = ChunkedBody(start: 0)
    let chunk = Array(("1;" + String(repeating: "x", count: 200) + "\r\nb\r\n").utf8)
    for _ in 0..<20_000 {
      buffer.append(chunk.span)
      #expect(try chunks.advance(buffer, limit: 1 << 20) == .needMore)
    }
    #expect(chunks.body.count == 20_000)
    #expect(buffer.capacity < 128 * 1024)
  }
}
