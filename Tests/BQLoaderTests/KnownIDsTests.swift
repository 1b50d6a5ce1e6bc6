// SPDX-License-Identifier: MIT
import Bytes
import Testing

@testable import BQLoader

@Suite struct KnownIDsTests {
  private func has(_ id: String, _ file: String) throws -> Bool {
    let ids = try #require(KnownIDs(file: Array(file.utf8)))
    let row = Array(#"{"user_id":"\#(id)"}"#.utf8)
    var scanner = JSONScanner()
    try scanner.enterObject(in: row.span)
    _ = try scanner.nextMember(in: row.span)
    return ids.has(try scanner.value(in: row.span), in: row.span)
  }

  @Test(arguments: [
    "acme\nglobex\n", "acme\r\nglobex\r\n", "acme\rglobex", "\u{FEFF}acme\nglobex",
    "\u{FEFF}acme \n\u{FEFF}globex", "acme \nglobex\t\n", "  acme\n\tglobex",
    " \tacme\t \n globex \r\n",
    "# ids\n \n\u{FEFF}# more\nacme\n  # globex is next\nglobex",
  ])
  func `byte order marks, spaces and tabs are no part of an id`(_ file: String) throws {
    #expect(try has("acme", file))
    #expect(try has("globex", file))
    #expect(KnownIDs(file: Array(file.utf8))?.count == 2)
  }

  @Test func `spaces within an id are part of it`() throws {
    #expect(try has("a b", "a b\n"))
    #expect(try !has("a", "a b\n"))
    #expect(try !has("a ", "a\n"))
  }

  @Test(arguments: [[0xFF, 0xFE, 0x61, 0], [0x61, 0, 0x0A, 0], [0x61, 0xFF]] as [[UInt8]])
  func `a file that is not UTF-8 is none`(_ file: [UInt8]) {
    #expect(KnownIDs(file: file) == nil)
  }
}
