// SPDX-License-Identifier: MIT
// conformance FILE…: replays case files against the example function beside this executable.
import Conformance
import Foundation

let files = CommandLine.arguments.dropFirst().map { URL(fileURLWithPath: $0) }
do {
  let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    .appendingPathComponent("event-echo")
  let cases = try files.flatMap(Case.read)
  guard !cases.isEmpty else { throw CaseError(description: "no cases") }
  let replay = try Replay(program: program)
  let report = Report(cases.map(replay.run))
  let isStopped = replay.stop()
  print(report)
  if !isStopped { print("\nThe function did not end in order.") }
  exit(report.failures.isEmpty && isStopped ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("conformance: \(error)\n".utf8))
  exit(2)
}
