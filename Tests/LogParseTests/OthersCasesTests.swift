// SPDX-License-Identifier: MIT
import Bytes
import Foundation
import TestSupport
import Testing

@testable import LogParse

/// Cases that others have collected, through the whole parser.
@Suite struct OthersCasesTests {
  @Test(Cases.present("wpt_urlencoded.jsonl"))
  func `queries of the web platform tests give their values, and all their names are counted`()
    throws
  {
    var parser = try EventParser.with("v STRING REPEATED", "probe STRING")
    for test in try Cases.lines(of: "wpt_urlencoded.jsonl") {
      var input = try #require(test["input"] as? String)
      if test["strip_leading_question_mark"] as? Bool == true, input.hasPrefix("?") {
        input.removeFirst()
      }
      let output = try #require(test["output"] as? [[String]])
      let parsed = try parser.parse(query: input.replacing("#", with: "%23") + "&probe=1")
      #expect(parsed["probe"] == "1", "\(input)")
      #expect(parser.omitted.unknown == output.filter { $0[0] != "v" }.count, "\(input)")
      // The same values under a name that has a column.
      let pieces = input.split(separator: "&")
      #expect(pieces.count == output.count)
      for (piece, pair) in zip(pieces, output) where !pair[1].isEmpty && !pair[1].contains(";") {
        let value = piece.drop { $0 != "=" }.dropFirst().replacing("#", with: "%23")
        // As bytes: Foundation drops a byte order mark that begins a string.
        var list = ByteWriter()
        list.append("\"v\":[")
        list.append(json: pair[1])
        list.append("]}")
        let text = try parser.parse(query: "v=\(value)").text
        #expect(Array(text.utf8.suffix(list.count)) == list.bytes, "\(input)")
      }
    }
  }

  @Test(Cases.present("wpt_percent_encoding.jsonl"))
  func `text of the web platform tests is the same, encoded or not`() throws {
    var parser = try EventParser.with("v STRING")
    for test in try Cases.lines(of: "wpt_percent_encoding.jsonl") {
      let text = try #require(test["input"] as? String)
      let encoded = try #require((test["output"] as? [String: String])?["utf-8"])
      for value in [text, encoded] {
        #expect(try parser.parse(query: "v=\(value)")["v"] == text)
      }
    }
  }

  @Test(Cases.present("wpt_urltestdata.jsonl"))
  func `URLs of the web platform tests have their query, path and host`() throws {
    var compared = 0
    for test in try Cases.lines(of: "wpt_urltestdata.jsonl") {
      // Whatever was typed, nothing breaks.
      _ = RequestURL(Array((test["input"] as? String ?? "").utf8).span)
      guard let href = test["href"] as? String, let search = test["search"] as? String else {
        continue
      }
      let bytes = Array(href.utf8)
      let url = RequestURL(bytes.span)
      #expect(bytes.span.string(url.query) == String(search.dropFirst()), "\(href)")
      // Without an authority there is no host that a request could have gone to.
      guard let host = test["hostname"] as? String, let path = test["pathname"] as? String,
        let scheme = test["protocol"] as? String, href.hasPrefix("\(scheme)//")
      else { continue }
      #expect(bytes.span.string(url.path) == path, "\(href)")
      #expect(bytes.span.string(url.host) == host, "\(href)")
      compared += 1
    }
    #expect(compared > 150)
  }

  @Test(Cases.present("jsontestsuite.jsonl"))
  func `documents of JSONTestSuite are entries or rejected, alone and inside one`() throws {
    var parser = try EventParser.with("v STRING")
    var judged = 0
    for test in try Cases.lines(of: "jsontestsuite.jsonl") {
      guard let base64 = test["json_base64"] as? String,
        let document = Data(base64Encoded: base64).map(Array.init)
      else { continue }
      let name: Comment = "\(test["name"] ?? "")"
      let alone = try parser.parse(document)
      let before = Array(#"{"x":"#.utf8)
      let inside = try parser.parse(
        before + document + [UInt8(ascii: ",")] + entry(url: "/pixel.png?v=1").dropFirst())
      switch test["expect"] as? String {
      case "accept":
        let isObject = document.first { $0 > 0x20 } == UInt8(ascii: "{")
        #expect(isObject ? alone.leftAlone == .noRequest : alone.reason == .entryNotJSON, name)
        #expect(inside["v"] == "1", name)
      case "reject": #expect(alone.reason == .entryNotJSON, name)
      default: #expect(alone.leftAlone == .noRequest || alone.reason == .entryNotJSON, name)
      }
      judged += 1
    }
    #expect(judged > 150)
  }

  @Test(Cases.present("utf8.jsonl"))
  func `what is no UTF-8 rejects an entry, and percent-encoded becomes U+FFFD`() throws {
    var parser = try EventParser.with("v STRING", "user_agent STRING")
    for test in try Cases.lines(of: "utf8.jsonl") {
      let name: Comment = "\(test["name"] ?? "")"
      let bytes = Self.bytes(try #require(test["hex"] as? String))
      let isValid = try #require(test["valid"] as? Bool)
      let expected =
        isValid ? bytes : Self.bytes(try #require(test["replaced_hex"] as? String))
      let encoded = bytes.map { String(format: "%%%02x", $0) }.joined()
      let parsed = try parser.parse(query: "v=\(encoded)")
      #expect(parsed["v"].map { Array($0.utf8) } == expected, name)

      // Raw in a JSON string, where control characters and these two mean something.
      guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5c }) else { continue }
      let marked = entry(url: "/pixel.png", request: #","userAgent":"@""#)
      let raw = Array(marked.split(separator: 0x40).joined(separator: bytes))
      let whole = try parser.parse(raw)
      #expect(whole.reason == (isValid ? nil : .entryNotJSON), name)
      if isValid { #expect(whole["user_agent"].map { Array($0.utf8) } == bytes, name) }
    }
  }

  private static func bytes(_ hex: String) -> [UInt8] {
    var digits = hex[...]
    var bytes: [UInt8] = []
    while let byte = UInt8(digits.prefix(2), radix: 16) {
      bytes.append(byte)
      digits = digits.dropFirst(2)
    }
    return bytes
  }
}
