// SPDX-License-Identifier: MIT
import LogParse
import PixelModel
import Testing

/// Several contracts: which of them a hit is judged by.
@Suite struct ContractChoiceTests {
  private func contract(_ name: String, _ columns: String...) throws -> Contract {
    let all = ["event_id STRING", "event_time TIMESTAMP"] + columns
    return try Contract(
      json: Array("[\(all.map(EventParser.column).joined(separator: ","))]".utf8), name: name)
  }

  private func parser(_ parameter: String = "c") throws -> EventParser {
    let contracts = try Contracts([
      contract("first", "a STRING"), contract("second", "b INTEGER REQUIRED"),
      contract("third", "a STRING", "b STRING"),
    ])
    return EventParser(
      contracts: contracts, pixelPaths: ["/pixel.png", "/t/third.gif", "/second"],
      names: ControlParameters(contract: parameter))
  }

  @Test(
    arguments: [
      ("/pixel.png?a=1&b=2", "first"), ("/pixel.png?c=third&a=1", "third"),
      ("/pixel.png?a=1&c=thi%72d", "third"), ("/pixel.png?%63=second&b=5", "second"),
      ("/pixel.png?c=third&c=second", "third"), ("/pixel.png?c=", "first"),
      ("/pixel.png?c", "first"), ("/t/third.gif?a=1", "third"), ("/t/third.gif?c=first", "first"),
      ("/second?b=1", "second"), ("https://t.example.com/t/third.gif?a=1", "third"),
      ("/pixel.png?C=third", "first"),
    ])
  func `the parameter picks the contract, else the path, else it is the first`(
    _ url: String, _ name: String
  ) throws {
    var parser = try parser()
    #expect(try parser.parse(entry(url: url)).event?.contract == name)
  }

  @Test func `each contract has its own columns and version`() throws {
    var parser = try parser()
    let third = try parser.parse(entry(url: "/pixel.png?a=x&b=y&c=third"))
    #expect(third["a"] == "x" && third["b"] == "y")
    #expect(parser.omitted == OmittedParameters())
    #expect(third.event?.contractVersion == parser.contracts.all[2].version)
    let first = try parser.parse(entry(url: "/pixel.png?a=x&b=y"))
    #expect(first["a"] == "x" && first["b"] == nil)
    #expect(parser.omitted.unknown == 1)
    #expect(try parser.parse(entry(url: "/second?a=x")).reason == .missingRequired)
  }

  @Test(arguments: ["fourth", "First", "first%00", "first+", "first_", "%ff", "../first"])
  func `contract_unknown: no contract has that name, and the detail does not repeat it`(
    _ name: String
  ) throws {
    var parser = try parser()
    let parsed = try parser.parse(entry(url: "/pixel.png?a=1&c=\(name)"))
    #expect(parsed.reason == .contractUnknown)
    #expect(parsed.detail == "Parameter c names no contract. There are: first, second, third.")
    #expect(parsed.rejection?.eventID == "20260102T034405.123456789Z-abc")
  }

  @Test func `the parameter's name is a setting, and without one it is a column like others`()
    throws
  {
    var renamed = try parser("kind")
    #expect(try renamed.parse(entry(url: "/pixel.png?kind=third")).event?.contract == "third")
    #expect(try renamed.parse(entry(url: "/pixel.png?c=x")).event?.contract == "first")
    var single = try EventParser.with("c STRING")
    #expect(try single.parse(query: "c=nonsense")["c"] == "nonsense")
  }

  @Test(
    arguments: [
      (["a", "b"], nil), (["pixel", "pixels"], nil), (["a_b", "a_c"], nil), (["p", "pq_r"], nil),
      ([String(repeating: "a", count: 63)], nil), ([String(repeating: "a", count: 64)], "63"),
      ([], "There is no contract."), (["Pixel"], "lower-case"), (["9a"], "lower-case"),
      (["_a"], "lower-case"), (["a-b"], "lower-case"), ([""], "lower-case"), (["é"], "lower-case"),
      (["pixel", "pixel_shop"], "would match"), (["a_b_c", "x", "a"], "would match"),
      (["a", "a"], "same name"),
    ] as [([String], String?)])
  func `names have to be good for tables, and none may begin like another's tables`(
    _ names: [String], _ problem: String?
  ) throws {
    do {
      _ = try Contracts(names.map { try contract($0) })
      #expect(problem == nil)
    } catch {
      #expect(problem.map { "\(error)".contains($0) } == true, "\(error)")
    }
  }
}
