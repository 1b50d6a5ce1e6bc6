// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import TestSupport
import Testing

@Suite struct QueryStringTests {
  private func parse(_ query: String) -> [[String]] {
    let bytes = Array(query.utf8)
    var parameters = QueryString(0..<bytes.count)
    var pairs: [[String]] = []
    while let parameter = parameters.next(in: bytes.span) {
      pairs.append([
        text(bytes, parameter.name, parameter.nameIsEncoded),
        text(bytes, parameter.value, parameter.valueIsEncoded),
      ])
    }
    return pairs
  }

  /// Decodes, and checks that what is said to need no decoding needs none.
  private func text(_ bytes: [UInt8], _ range: Range<Int>, _ isEncoded: Bool) -> String {
    var writer = ByteWriter()
    writer.append(formDecoding: bytes.span, range)
    if !isEncoded { #expect(writer.bytes == Array(bytes[range])) }
    return writer.bytes.span.string
  }

  @Test(Cases.present("wpt_urlencoded.jsonl"))
  func `every case of the web platform tests gives its pairs`() throws {
    let tests = try Cases.lines(of: "wpt_urlencoded.jsonl")
    for test in tests {
      var input = try #require(test["input"] as? String)
      if test["strip_leading_question_mark"] as? Bool == true, input.hasPrefix("?") {
        input.removeFirst()
      }
      #expect(parse(input) == test["output"] as? [[String]], "\(input)")
    }
    #expect(tests.count > 20)
  }

  @Test(
    arguments: [
      ("", []), ("&", []), ("&&&", []), ("a", [["a", ""]]), ("a=", [["a", ""]]),
      ("=b", [["", "b"]]),
      ("=", [["", ""]]), ("a=b=c", [["a", "b=c"]]), ("a=1&&a=2&", [["a", "1"], ["a", "2"]]),
      ("a+b=c+d", [["a b", "c d"]]), ("a=%2B", [["a", "+"]]),
      ("v=100%&w=%zz", [["v", "100%"], ["w", "%zz"]]),
      ("x=%4", [["x", "%4"]]), ("x=%", [["x", "%"]]), ("%66oo=b%61r", [["foo", "bar"]]),
      ("a=%E6%97%A5", [["a", "日"]]), ("a=%E6%97%A", [["a", "\u{fffd}%A"]]),
      ("a=%ff%fe", [["a", "\u{fffd}\u{fffd}"]]),
      ("a=日", [["a", "日"]]), ("a=%00", [["a", "\u{0}"]]), ("a;b=c;d", [["a;b", "c;d"]]),
    ] as [(String, [[String]])])
  func `a query gives its pairs`(_ query: String, _ pairs: [[String]]) {
    #expect(parse(query) == pairs)
  }

  @Test func `URLComponents decodes random valid queries alike`() throws {
    var random = SeededRandom(6)
    let pieces = ["a", "key", "%20", "%C3%A9", "%26", "%3D", "-._~", "0", "%E2%82%AC", "%25"]
    for _ in 0..<1000 {
      let query = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        let name = String(decoding: random.bytes(upTo: 3, of: pieces), as: UTF8.self)
        return "n\(name)=" + String(decoding: random.bytes(upTo: 4, of: pieces), as: UTF8.self)
      }.joined(separator: "&")
      var components = URLComponents()
      components.percentEncodedQuery = query
      let theirs = try #require(components.queryItems).map { [$0.name, $0.value ?? ""] }
      #expect(parse(query) == theirs, "\(query)")
    }
  }

  @Test(arguments: [
    ("a%20b", "a b"), ("a+b", "a+b"), ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%%41", "%A"),
    ("%2525", "%25"),
  ])
  func `percent decoding leaves a plus alone`(_ encoded: String, _ text: String) {
    var writer = ByteWriter()
    let bytes = Array(encoded.utf8)
    writer.append(percentDecoding: bytes.span, 0..<bytes.count)
    #expect(writer.bytes.span.string == text)
  }
}
