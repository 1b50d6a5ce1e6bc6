// SPDX-License-Identifier: MIT
import Foundation
import LogParse
import Testing

@testable import PixelIngest

/// An object that is posted comes out of a JSON column as it went in: PixelIngest writes it as a query, LogParse
/// reads that.
@Suite struct PostedObjectTests {
  private func column(_ json: String) throws -> String? {
    var event = EventQuery()
    try event.append(json: Array(json.utf8).span)
    var parser = try EventParser.with("v JSON")
    return try parser.parse(query: event.query.bytes.span.string)["v"]
  }

  @Test(arguments: [
    #"{"a":1}"#, #"{"a":"1","b":"true","c":"-2.5","d":true,"e":-2.5,"f":"007","g":""}"#,
    #"{"a":{"b":{"c":["x"]}},"d":["1",1,true,"x"]}"#, #"[{"a":1},{"b":["x"]}]"#,
    #"{"a.b":1,"c":{"d.e":{".":2}}}"#, #"{"a":[[1],[2,[3]]],"b":[{"c":[{"d":"2"}]}]}"#,
    #"{"é \"&=+#%;":"é \"&=+#%;\n"}"#, #"{"__proto__":{"x":1},"constructor":"y"}"#,
    #"{"share":0.30000000000000004,"id":123456789012345678}"#,
  ])
  func `types, lists and names survive`(_ value: String) throws {
    #expect(try column(#"{"v":\#(value)}"#) == value)
  }

  /// What is documented to be left out, or to be text.
  @Test(arguments: [
    (#"{"a":null,"b":{},"c":[],"d":[null,1]}"#, #"{"d":[1]}"#), (#"{"a":1,"a":2}"#, #"{"a":1}"#),
    (
      #"{"a":1e3,"b":1.50,"c":12345678901234567890}"#,
      #"{"a":"1e3","b":"1.50","c":"12345678901234567890"}"#
    ),
    (#"{"a[0]":1}"#, #"{"a":[1]}"#),
  ])
  func `what is lost is known`(_ value: String, _ expected: String) throws {
    #expect(try column(#"{"v":\#(value)}"#) == expected)
  }

  @Test func `any object of texts, numbers and lists comes back`() throws {
    var random = SystemRandomNumberGenerator()
    func text() -> String {
      let scalars = (0..<Int.random(in: 1...5, using: &random)).compactMap { _ in
        Unicode.Scalar(UInt32.random(in: 0x20...0x17F, using: &random))
      }
      // Brackets in names part them.
      return String(String.UnicodeScalarView(scalars.filter { $0 != "[" && $0 != "]" })) + "n"
    }
    func value(_ depth: Int) -> Any {
      switch Int.random(in: 0..<(depth > 3 ? 5 : 7), using: &random) {
      case 0: return Int.random(in: -99_999...99_999, using: &random)
      case 1: return Bool.random(using: &random)
      case 2: return "\(Int.random(in: -99...99, using: &random))"
      case 3: return Double(Int.random(in: 1...999, using: &random)) / 8 + 0.0625
      case 4: return text()
      case 5: return (0..<Int.random(in: 1...3, using: &random)).map { _ in value(depth + 1) }
      default: return object(depth + 1)
      }
    }
    func object(_ depth: Int) -> [String: Any] {
      let members = (0..<Int.random(in: 1...4, using: &random)).map { _ in (text(), value(depth)) }
      return Dictionary(members) { first, _ in first }
    }
    for _ in 0..<300 {
      let object = object(0)
      let json = try JSONSerialization.data(withJSONObject: ["v": object])
      let text = try #require(try column(String(decoding: json, as: UTF8.self)))
      let found = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary
      #expect(found == object as NSDictionary, "\(String(decoding: json, as: UTF8.self))")
    }
  }
}
