// SPDX-License-Identifier: MIT
import Foundation
import ServerSupport
import Testing

/// The lines on LogParse's page that change a contract, run as they stand there.
@Suite(.serialized) struct ContractLinesTests {
  @Test(.timeLimit(.minutes(10)))
  func `a column and a second contract need five lines and no code`() throws {
    let page = try String(
      contentsOf: packageRoot.appendingPathComponent("Functions/LogParse/README.md"),
      encoding: .utf8)
    let block = try #require(
      page.components(separatedBy: "```bash\n").first { $0.contains("--contract my-contracts\n") }
    )
    let lines = block.components(separatedBy: "```")[0].split(separator: "\n").map(String.init)
    #expect(lines.count == 5)

    // Where a checkout would be.
    let folder = try TemporaryFolder()
    for name in ["infra", "scripts"] {
      try FileManager.default.createSymbolicLink(
        at: folder.url.appendingPathComponent(name),
        withDestinationURL: packageRoot.appendingPathComponent(name))
    }
    for line in lines[..<3] {
      let shell = try Shell(line, in: folder.url)
      #expect(shell.end() == 0, "\(line): \(shell.output)")
    }
    // Other ports than the usual ones, so that it does not meet one that runs.
    let port = Int.random(in: 200...290) * 100
    let pipeline = try Shell("exec \(lines[3]) --port \(port)", in: folder.url)
    defer { pipeline.stop() }
    let thread = try LoopThread()
    defer { thread.stop() }
    try waitUntil("the pipeline runs", within: 30) {
      pipeline.output.contains("The pipeline is running.") || !pipeline.isRunning
    }
    let hits = lines[4].replacing("127.0.0.1:8080", with: "127.0.0.1:\(port)")
    let shell = try Shell("\(hits) >images", in: folder.url)
    #expect(shell.end() == 0, "\(shell.output) \(pipeline.output)")

    func row(_ search: String) -> String? {
      fetch("GET", "http://127.0.0.1:\(port)/_local/rows?\(search)", on: thread)
        .map { String(decoding: $0.body, as: UTF8.self) }
    }
    var answers: [String] = []
    try waitUntil("both hits are rows", within: 20) {
      answers = ["coupon=SPRING", "rating=5"].compactMap(row)
      return answers.allSatisfy { $0.contains("event_id") }
    }
    #expect(answers[0].contains(#""pixel.pixel_"#), "\(answers)")
    #expect(answers[1].contains(#""pixel.survey_"#), "\(answers)")
  }
}
