// SPDX-License-Identifier: MIT
import Bytes
import PixelModel
import Testing

@Suite struct EventIDTests {
  private let time = Timestamp(rfc3339: "2026-01-02T03:44:05.1Z")

  private func id(insertID: String) throws -> String {
    var writer = ByteWriter()
    writer.append("kept")
    let bytes = Array(insertID.utf8)
    writer.append(eventIDAt: try #require(time), insertID: bytes.span)
    return String(writer.bytes.span.string.dropFirst(4))
  }

  @Test func `SHA-256 is that of the standard's examples`() {
    let empty: [UInt8] = []
    #expect(
      SHA256.hex(empty.span) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let abc = Array("abc".utf8)
    #expect(
      SHA256.hex(abc.span) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test(arguments: [
    "jnfpf3ixj8hcc", "a", "A.b_c-9", String(repeating: "x", count: 100),
  ])
  func `an ordinary insertId follows the time`(_ insertID: String) throws {
    let id = try id(insertID: insertID)
    #expect(id == "20260102T034405.100000000Z-\(insertID)")
    #expect(id.utf8.count <= 127)
  }

  @Test(arguments: ["a b", "a/b", "é", "\u{0}", String(repeating: "x", count: 101)])
  func `any other insertId becomes the hash of time and insertId`(_ insertID: String) throws {
    let pair = Array("20260102T034405.100000000Z-\(insertID)".utf8)
    #expect(try id(insertID: insertID) == SHA256.hex(pair.span))
  }

  @Test func `an entry without insertId is known by its bytes`() throws {
    let time = try #require(time)
    let entry = Array(#"{"httpRequest":{}}"#.utf8)
    var writer = ByteWriter()
    writer.append(eventIDAt: time, entry: entry.span)
    #expect(
      writer.bytes.span.string == "20260102T034405.100000000Z-" + SHA256.hex(entry.span))
  }
}
