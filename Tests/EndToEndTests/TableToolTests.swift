// SPDX-License-Identifier: MIT
import Foundation
import HTTPClient
import ServerSupport
import TestSupport
import Testing

/// The program behind scripts/tables.sh, as a person runs it.
@Suite(.serialized) struct TableToolTests {
  private static let tool = binaries.appendingPathComponent("pixel")
  private static let fakegcp = packageRoot.appendingPathComponent("Tests/Kits/fakegcp/fakegcp")
  private static let files = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Tables")

  private struct Run {
    let status: Int32
    let output: String
    let errors: String
    var lines: [Substring] { output.split(separator: "\n") }
  }

  private static func run(
    _ program: URL, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Run {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = try ["out", "err"].map { name in
      let file = folder.appendingPathComponent(name)
      _ = FileManager.default.createFile(atPath: file.path, contents: nil)
      return (file, try FileHandle(forWritingTo: file))
    }
    let process = Process()
    process.executableURL = program
    process.arguments = program == tool ? ["tables"] + arguments : arguments
    process.currentDirectoryURL = packageRoot
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = files[0].1
    process.standardError = files[1].1
    try process.run()
    process.waitUntilExit()
    return Run(
      status: process.terminationStatus,
      output: try String(contentsOf: files[0].0, encoding: .utf8),
      errors: try String(contentsOf: files[1].0, encoding: .utf8))
  }

  private static func scratch() throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("pixel-tables-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  /// The shipped contract with a column more.
  private func longerContract(in folder: URL) throws -> URL {
    let file = packageRoot.appendingPathComponent("infra/contracts/pixel.json")
    var columns = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [[String: Any]])
    columns.append(["name": "plan", "type": "STRING", "mode": "NULLABLE"])
    let longer = folder.appendingPathComponent("pixel.json")
    try JSONSerialization.data(withJSONObject: columns).write(to: longer)
    return longer
  }

  @Test(.timeLimit(.minutes(10)))
  func `a column is added to 820 tables that inserts have made, and they are listed`() throws {
    let folder = try Self.scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let port = freePort()
    let base = "http://127.0.0.1:\(port)"
    let contract = packageRoot.appendingPathComponent("infra/contracts/pixel.json").path
    let cloud = Program(
      "local-cloud", at: binaries.appendingPathComponent("local-cloud"),
      arguments: ["serve", "--port", "\(port)", "--data", folder.path, "--contract", contract],
      logs: folder)
    try cloud.start()
    defer { cloud.stop() }
    let thread = try LoopThread()
    defer { thread.stop() }
    try waitUntil("local-cloud answers", within: 10) {
      fetch("GET", "\(base)/_local/state", on: thread)?.status == 200
    }
    func insert(_ number: Int, _ more: [String: Any] = [:]) throws -> String {
      let row: [String: Any] = [
        "event_id": "e\(number)", "event_time": "2026-01-02T10:00:00Z", "type": "page_view",
      ]
      let body: [String: Any] = [
        "templateSuffix": "_u\(number)_2026010\(1 + number % 5)",
        "rows": [["json": row.merging(more) { $1 }]],
      ]
      let path = "/bigquery/v2/projects/local/datasets/pixel/tables/pixel/insertAll"
      let data = try JSONSerialization.data(withJSONObject: body)
      let answer = fetch("POST", base + path, body: Array(data), on: thread)
      return String(decoding: answer?.body ?? [], as: UTF8.self)
    }
    for number in 0..<820 { #expect(try !insert(number).contains("insertErrors")) }
    #expect(try insert(3, ["plan": "gold"]).contains("no such field"))

    let place = ["--project", "local", "--endpoint", base]
    let list = try Self.run(Self.tool, ["list"] + place)
    #expect(list.status == 0 && list.lines.count == 822)
    #expect(list.lines.last?.hasPrefix("820 tables") == true)
    #expect(list.errors.contains("warning: 820 tables"))

    let longer = try longerContract(in: folder).path
    let add = ["add-columns", "--contract", longer] + place
    let dry = try Self.run(Self.tool, add + ["--dry-run"])
    #expect(dry.lines.last == "820 tables: 820 to change, 0 had all columns, 0 wait, 0 failed")
    #expect(try insert(3, ["plan": "gold"]).contains("no such field"))
    let added = try Self.run(Self.tool, add)
    #expect(added.status == 0 && added.lines.first == "pixel: add plan")
    #expect(added.lines.last == "820 tables: 820 changed, 0 had all columns, 0 wait, 0 failed")
    #expect(added.errors.contains("columns: 400 of 820"), "progress")
    #expect(try !insert(3, ["plan": "gold"]).contains("insertErrors"))
    let again = try Self.run(Self.tool, add)
    #expect(again.lines.last == "820 tables: 0 changed, 820 had all columns, 0 wait, 0 failed")
  }

  @Test(arguments: [
    (["list"], 64, "Missing expected argument '--project"),
    (["list", "--project", "p", "--suffix", "x"], 2, "it has to begin with _"),
    (["list", "--project", "p", "--endpoint", "http://example.com"], 2, "allowed is an https URL"),
    (["list", "--project", "p", "--endpoint", "http://127.0.0.1:1@evil.example"], 2, "--endpoint"),
    (["expire", "--project", "p", "--days", "7"], 2, "allowed is 8 or more"),
    (["expire", "--project", "p", "--days", "x"], 64, "or never"),
    (["move", "--project", "p", "--to", "pixel_old"], 2, "would be taken for a suffix table"),
    (["move", "--project", "p", "--to", "a`b"], 2, "allowed are letters"),
    (["view", "--project", "p", "--archive", "a`b"], 2, "allowed are letters"),
    (["move", "--project", "p", "--before", "yesterday"], 64, "YYYY-MM-DD"),
    (["view", "--project", "p", "--time-zone", "'"], 64, "Europe/Berlin"),
    (["view", "--project", "p", "--contract", "/nowhere"], 2, "there is no such file"),
    (["view", "--project", "p`; DROP"], 2, "--project is"),
    (["list", "--project", "p", "--dataset", "a.b"], 2, "--dataset is"),
  ])
  func `a bad argument stops the start with what is allowed`(
    _ arguments: [String], _ status: Int32, _ words: String
  ) throws {
    let run = try Self.run(Self.tool, arguments)
    #expect(run.status == status)
    #expect(run.errors.contains(words), "\(run.errors)")
  }

  @Test func `without gcloud the message says what to do`() throws {
    let folder = try Self.scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let environment = [
      "PATH": folder.path, "CLOUDSDK_AUTH_ACCESS_TOKEN": "", "GCE_METADATA_HOST": "",
    ]
    let run = try Self.run(Self.tool, ["list", "--project", "p"], environment: environment)
    #expect(run.status == 2)
    #expect(run.errors.contains("gcloud is not installed"), "\(run.errors)")
  }

  @Test(
    .enabled(if: PubSubEmulator.find("gcloud") != nil, "gcloud is not installed"),
    .enabled(if: apiDescriptions != nil, "FAKEGCP_DESCRIPTIONS names no API descriptions"),
    .timeLimit(.minutes(10)))
  func `each request is one that Google's API description has`() throws {
    let folder = try Self.scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let log = folder.appendingPathComponent("requests.jsonl")
    let longer = try longerContract(in: folder)
    let script = Self.files.appendingPathComponent("control_plane.sh").path
    let arguments = [
      "--state", folder.appendingPathComponent("state").path, "--log", log.path, "--", "bash",
      script, Self.tool.path, longer.path,
    ]
    let run = try Self.run(Self.fakegcp, arguments)
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(run.output.contains("events: made\nevents_between: made"), "\(run.output)")
    let requests = try Cases.lines(of: log)
    #expect(requests.count > 50)
    for kind in ["schema", "outside"] {
      #expect(!requests.contains { $0["kind"] as? String == kind })
    }
  }

  @Test(
    .partOfAll,
    .enabled(if: PubSubEmulator.find("python3") != nil, "python3 is not installed"),
    .timeLimit(.minutes(10)))
  func `view, function, queries and moving give their rows, by bqemulator and by ZetaSQL`() throws {
    let folder = try Self.scratch()
    defer { try? FileManager.default.removeItem(at: folder) }
    let python3 = try #require(PubSubEmulator.find("python3"))
    #expect(try Self.run(python3, ["-m", "venv", folder.path]).status == 0)
    let python = folder.appendingPathComponent("bin/python")
    let packages = [
      "bqemulator==1.4.0", "duckdb==1.5.5", "duckdb-extension-spatial==1.5.5", "numpy",
      "google-cloud-bigquery>=3,<4", "zetasql==0.1.5",
    ]
    let install = try Self.run(python, ["-m", "pip", "install", "-q"] + packages)
    #expect(install.status == 0, "\(install.errors)")
    let check = Self.files.appendingPathComponent("check_tables.py").path
    let run = try Self.run(python, [check, Self.tool.path, packageRoot.path])
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(run.output.contains("checks passed"), "\(run.output)")
    print("all  tables in bqemulator: \(run.lines.last ?? "")")
    let judge = Self.files.appendingPathComponent("judge_key.py").path
    let judged = try Self.run(python, [judge, packageRoot.path])
    #expect(judged.status == 0, "\(judged.output)\(judged.errors)")
    #expect(judged.output.contains("the same rows"), "\(judged.output)")
  }
}
