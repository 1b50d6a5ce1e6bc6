// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// The requests in the documents, sent as they stand there, to programs that run here.
@Suite(.serialized) struct DocumentedRequestsTests {
  /// The lines of a document's code blocks; one that ends in a backslash goes on in the next.
  private static func commands(of document: String) throws -> [String] {
    let file = packageRoot.appendingPathComponent(document)
    let text = try String(contentsOf: file, encoding: .utf8)
    let blocks = text.components(separatedBy: "```").enumerated()
      .filter { !$0.offset.isMultiple(of: 2) && $0.element.hasPrefix("bash\n") }
    return blocks.flatMap { block in
      block.element.replacing("\\\n", with: "").split(separator: "\n").map(String.init)
    }
  }

  /// Runs a `curl` line; the status and the body.
  private func run(
    _ line: String, in folder: URL, _ changes: [(String, String)]
  ) throws -> (status: String, body: String) {
    var line = line
    for (old, new) in changes { line = line.replacing(old, with: new) }
    let options = "-sS --max-time 20 -w '\\n%{http_code}'"
    let shell = try Shell("curl \(options) " + line.dropFirst(5), in: folder)
    #expect(shell.end() == 0, "\(line): \(shell.output)")
    let lines = shell.output.components(separatedBy: "\n")
    return (lines.last ?? "", lines.dropLast().joined(separator: "\n"))
  }

  @Test func `every curl line in a document is known here`() throws {
    let folders = ["", ".github", "infra", "Functions", "Runtime", "Tests"]
    var found: [String: Int] = [:]
    for folder in folders {
      let root = packageRoot.appendingPathComponent(folder)
      let names =
        folder.isEmpty
        ? try FileManager.default.contentsOfDirectory(atPath: root.path)
        : FileManager.default.subpaths(atPath: root.path) ?? []
      for name in names where name.hasSuffix(".md") {
        let document = folder.isEmpty ? name : "\(folder)/\(name)"
        let count = try Self.commands(of: document).filter { $0.hasPrefix("curl ") }.count
        if count > 0 { found[document] = count }
      }
    }
    // LogParse's page has the line that ContractLinesTests runs, the tracker's page one that makes a hash.
    #expect(
      found == [
        "README.md": 2, "Functions/PixelIngest/README.md": 3, "Functions/LogParse/README.md": 1,
        "Functions/PixelIngest/Tracker/README.md": 1, "Tests/LocalCloud/README.md": 3,
        "Runtime/FunctionRuntime/FunctionRuntime.docc/Events.md": 3,
        "Runtime/FunctionRuntime/FunctionRuntime.docc/YourFirstFunction.md": 1,
      ])
  }

  @Test(.timeLimit(.minutes(5)))
  func `the documents' requests and tags become rows`() throws {
    let pipeline = try LocalPipeline()
    defer { pipeline.stop() }
    let folder = try TemporaryFolder()
    let ingest = "http://127.0.0.1:\(pipeline.ports.ingest)"
    let cloud = "127.0.0.1:\(pipeline.ports.cloud)"
    let changes = [
      ("https://track.example.com", ingest), ("127.0.0.1:8080", cloud),
      ("http://127.0.0.1:8081", ingest),
    ]
    let pages = ["README.md", "Functions/PixelIngest/README.md"]
    let commands = try pages.flatMap(Self.commands)

    // From servers.
    var sent = 0
    for line in commands where line.contains("events.ndjson") || line.contains("track.example.com")
    {
      guard line.hasPrefix("curl ") else {
        #expect(try Shell(line, in: folder.url).end() == 0)
        continue
      }
      let answer = try run(line, in: folder.url, changes)
      #expect(answer.status == "204" && answer.body.isEmpty, "\(line): \(answer)")
      sent += 1
    }
    #expect(sent == 4)

    // From pages and mails, and the one to try.
    let text = try pages.map {
      try String(contentsOf: packageRoot.appendingPathComponent($0), encoding: .utf8)
    }.joined()
    let images = text.matches(of: /<img src="([^"]+)"/).map { String($0.1) }
    let scripts = text.matches(of: /<script async src="([^"]+)"/).map { String($0.1) }
    let tries = text.matches(of: /http:\/\/127\.0\.0\.1:8081\/\S+/).map { String($0.0) }
    #expect(images.count == 3 && scripts.count == 2 && tries.count == 1)
    for address in images + scripts + tries {
      let answer = try run("curl -o /dev/null '\(address)'", in: folder.url, changes)
      #expect(answer.status == "200", "\(address): \(answer)")
    }

    var rows: [[String: Any]] = []
    try waitUntil("all are rows", within: 20) {
      rows = try pipeline.rows.all()
      return rows.count >= 9
    }
    func row(_ column: String, _ value: String) throws -> [String: Any] {
      try #require(rows.first { $0[column] as? String == value }, "\(column) = \(value)")
    }
    #expect(rows.count == 9)
    let purchase = try row("order_id", "o1")
    #expect(purchase["type"] as? String == "purchase")
    #expect(purchase["value"] as? String == "9.5")
    #expect(purchase["properties"] as? String == #"{"plan":"pro","seats":5}"#)
    for order in ["o2", "o3"] {
      #expect(try row("order_id", order)["utm_source"] as? String == "shop")
    }
    #expect(try row("type", "signup")["user_id"] as? String == "u1")
    #expect(try row("type", "mail_open")["utm_campaign"] as? String == "june")
    #expect(try row("page_title", "Home")["type"] as? String == "page_view")
    #expect(try row("page_title", "Hello")["tags"] as? [String] == ["a", "b"])

    // Looking at them.
    let looks = try (["README.md", "Tests/LocalCloud/README.md"]).flatMap(Self.commands)
    for (line, text) in [
      ("_local/rows?user_id=u1", "mail_open"), ("_local/rejections", "rejections"),
    ] {
      for command in looks where command.hasPrefix("curl ") && command.contains(line) {
        let answer = try run(command, in: folder.url, changes)
        #expect(answer.status == "200" && answer.body.contains(text), "\(command): \(answer)")
      }
    }
    let reset = try #require(looks.first { $0.contains("_local/reset") })
    #expect(try run(reset, in: folder.url, changes).status == "200")
    #expect(try pipeline.rows.all().isEmpty)
  }

  @Test(
    .timeLimit(.minutes(5)),
    arguments: [("Events.md", "events", 3), ("YourFirstFunction.md", "messages", 1)])
  func `the requests to a function of your own are taken`(
    _ page: String, _ takes: String, _ count: Int
  ) throws {
    let folder = try TemporaryFolder()
    let port = freePort()
    let echo = Program(
      "event-echo", at: binaries.appendingPathComponent("event-echo"),
      environment: ["HOST": "127.0.0.1", "PORT": "\(port)", "PUSH_AUTH": "none", "TAKES": takes],
      logs: folder.url)
    try echo.start()
    defer { echo.stop() }
    let thread = try LoopThread()
    defer { thread.stop() }
    try waitUntil("the function listens", within: 10) {
      fetch("GET", "http://127.0.0.1:\(port)/health", on: thread)?.status == 200
    }
    let document = "Runtime/FunctionRuntime/FunctionRuntime.docc/\(page)"
    let lines = try Self.commands(of: document).filter { $0.hasPrefix("curl ") }
    #expect(lines.count == count)
    for line in lines {
      let answer = try run(line, in: folder.url, [("localhost:8080", "127.0.0.1:\(port)")])
      #expect(answer.status == "204", "\(line): \(answer)")
    }
    // An empty batch is none.
    let received = echo.output.components(separatedBy: #""received""#).count - 1
    #expect(received == (takes == "events" ? 2 : 1), "\(echo.output)")
  }
}
