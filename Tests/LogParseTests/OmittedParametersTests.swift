// SPDX-License-Identifier: MIT
import LogParse
import Testing

/// What does not go into a row is counted, by why.
@Suite struct OmittedParametersTests {
  private func codes(_ query: String) throws -> [String: Int] {
    var parser = try EventParser.with(
      "s STRING", "n INTEGER", "l STRING REPEATED", "v RECORD REPEATED {x STRING, m DATE}")
    #expect(try parser.parse(query: query).isEvent)
    return Dictionary(uniqueKeysWithValues: parser.omitted.counts.map { ($0.code, $0.count) })
  }

  @Test(
    arguments: [
      ("s=1&n=2&l=3;4&l=5&v[0].x=6", [:]),
      ("a=1&b=2&S=3&event_id=forged&v=4", ["parameters_unknown": 4, "values_misfit": 1]),
      ("v.x=1&v[0].y=2&v[x]=3&x.y=4", ["parameters_unknown": 4]),
      ("s=1&s=2&n=3&n=4&n=5&v[0].x=1&v[0][x]=2", ["parameters_repeated": 4]),
      ("v[100].x=1&v[12345].x=2", ["parameters_over_limit": 2]),
      ("n=x&v[0].m=y&v[1].m=z&s=", ["values_misfit": 3]),
      ("n=x&n=1&a=1", ["values_misfit": 1, "parameters_repeated": 1, "parameters_unknown": 1]),
      // The parameter that marks a test is known; so is no other that begins alike.
      ("_test=0&_test=&_tes=1&_testa=1", ["parameters_unknown": 2]),
    ] as [(String, [String: Int])])
  func `each kind has its code`(_ query: String, _ counts: [String: Int]) throws {
    #expect(try codes(query) == counts)
  }

  @Test(arguments: [1024, 1025, 100_000])
  func `a name of more than 1,024 bytes is not looked up`(_ length: Int) throws {
    let name = String(repeating: "x", count: length)
    #expect(
      try codes("\(name)=1&s=2")
        == (length > 1024 ? ["parameters_name_too_long": 1] : ["parameters_unknown": 1]))
    // Encoded it is as long as it is written.
    let encoded = String(repeating: "%78", count: length / 3 + 1)
    #expect(try codes("\(encoded)=1") == ["parameters_name_too_long": 1])
  }

  @Test func `300 values for one list are 256 and 44`() throws {
    let query = (0..<300).map { "l=\($0)" }.joined(separator: "&")
    #expect(try codes(query) == ["parameters_over_limit": 44])
  }

  @Test func `a rejected hit leaves no counts behind`() throws {
    var parser = try EventParser.with("s STRING REQUIRED")
    _ = try parser.parse(query: "a=1&b=2")
    _ = try parser.parse(Array("{}".utf8))
    #expect(parser.omitted == OmittedParameters())
  }
}
