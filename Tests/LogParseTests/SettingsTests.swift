// SPDX-License-Identifier: MIT
import Foundation
import Settings
import Testing

@testable import LogParse

@Suite struct SettingsTests {
  /// A folder with these files; gone with the value.
  private final class Folder {
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("contracts-\(UUID().uuidString)").path

    init(_ files: [String: String]) throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for (name, text) in files {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
      }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private static func schema(_ more: String = "") -> String {
    #"[{"name":"event_id","type":"STRING"},{"name":"event_time","type":"TIMESTAMP"}\#(more)]"#
  }

  private func settings(_ values: [String: String]) -> (LogParseSettings, problem: String?) {
    var reader = SettingsReader(
      environment: ["PUSH_AUTH": "none", "GOOGLE_CLOUD_PROJECT": "p"].merging(values) { $1 })
    let settings = LogParseSettings(&reader)
    do {
      try reader.check()
      return (settings, nil)
    } catch {
      return (settings, error.description)
    }
  }

  @Test func `a file is one contract, a folder as many as it has schema files, by name`() throws {
    let folder = try Folder([
      "b.json": Self.schema(), "a.json": Self.schema(), "notes.txt": "x", ".c.json": "x",
    ])
    let (several, problem) = settings(["CONTRACT": folder.path])
    #expect(problem == nil)
    #expect(several.contracts?.all.map(\.name) == ["a", "b"])
    #expect(several.names.contract == Array("c".utf8) && several.names.test == Array("_test".utf8))
    let (one, _) = settings(["CONTRACT": folder.path + "/b.json"])
    #expect(one.contracts?.all.map(\.name) == ["b"])
    // With one contract there is nothing to pick, so that `c` is free to be a column.
    #expect(one.names.contract.isEmpty)
  }

  @Test(
    arguments: [
      (["a.json": "{"], [:], "contract a"), ([:], [:], "no contract"),
      (["A.json": schema()], [:], "lower-case"),
      (["a.json": schema(), "a_b.json": schema()], [:], "rename one"),
      (["a.json": schema(#",{"name":"c","type":"STRING"}"#)], [:], "CONTRACT_PARAMETER is 'c'"),
      (
        ["a.json": schema(#",{"name":"_test","type":"STRING"}"#)], [:],
        "TEST_PARAMETER is '_test'"
      ),
      (["a.json": schema()], ["TEST_PARAMETER": "c"], "have to differ"),
      (
        ["a.json": schema()], ["TEST_PARAMETER": String(repeating: "t", count: 65)],
        "at most 64 bytes"
      ),
    ] as [([String: String], [String: String], String)])
  func `a folder that cannot be used stops the start with one sentence`(
    _ files: [String: String], _ values: [String: String], _ sentence: String
  ) throws {
    let folder = try Folder(files)
    let (_, problem) = settings(["CONTRACT": folder.path].merging(values) { $1 })
    #expect(problem?.lowercased().contains(sentence.lowercased()) == true, "\(problem ?? "")")
  }

  @Test func `names can be changed, and tests switched off`() throws {
    let folder = try Folder(["a.json": Self.schema(#",{"name":"c","type":"STRING"}"#)])
    let (settings, problem) = settings([
      "CONTRACT": folder.path, "CONTRACT_PARAMETER": "kind", "TEST_PARAMETER": "",
    ])
    #expect(problem == nil)
    #expect(settings.names.contract == Array("kind".utf8) && settings.names.test.isEmpty)
  }

  @Test func `what is neither file nor folder is named`() {
    let (_, problem) = settings(["CONTRACT": "/nowhere/pixel.json"])
    #expect(problem?.contains("CONTRACT is '/nowhere/pixel.json'") == true, "\(problem ?? "")")
  }

  @Test func `a mistake in a folder is told with file, line and column`() throws {
    let folder = try Folder([
      "a.json": Self.schema(""),
      "b.json": Self.schema(",\n{\"name\":\"coupon\",\"type\":\"STRNG\"}"),
    ])
    let (_, problem) = settings(["CONTRACT": folder.path])
    #expect(
      problem?.contains(
        "CONTRACT is '\(folder.path)', whose b.json is not a BigQuery schema file. Contract b, line 2: "
          + "column coupon has the type STRNG") == true, "\(problem ?? "")")
  }
}
